import { test } from 'tap';
import type { Node } from '../../dist/src/query/ast.js';
import { checkExpression, parseExpression } from '../../dist/src/query/parse.js';
import { printExpression } from '../../dist/src/query/print.js';
import type { Matcher } from '../../dist/src/query/types.js';
import { randomFrom } from '../history/values';
import { SEED } from '../instruments/support';
import { Generator } from './generator';
import { OTHERS, SCALARS, VECTORS } from './queries';

/** Without the places in the text, and what means nothing: a plus, the order of matchers ... */
function plain(node: Node): string {
  return JSON.stringify(node, (key, value) => {
    if (key === 'from' || key === 'to') return undefined;
    let inner = value;
    while (inner?.kind === 'unary' && inner.operator === '+') inner = inner.expression;
    if (inner !== value) return inner;
    if (key === 'matchers') return value.map((matcher: Matcher) => JSON.stringify(matcher)).sort();
    if (key === 'matching' && value !== undefined && !value.on && value.labels.length === 0 && value.many === undefined)
      return undefined;
    return typeof value === 'number' ? String(value) : value;
  });
}

test('an expression is written as Prometheus writes it', async (t) => {
  for (const [written, expected] of [
    [
      'sum  by(job,a) (rate(x{a="b", c=~"d\\n"}[5m] offset 90s @ 1.5))',
      'sum by (job, a) (rate(x{a="b",c=~"d\\n"}[5m] @ 1.500 offset 1m30s))',
    ],
    ['a+on(x)group_left(y)b', 'a + on (x) group_left (y) b'],
    ['a >bool ignoring() b', 'a > bool b'],
    ['1e30+0.00001', '1e+30 + 1e-05'],
    ['SUM(x) without()', 'sum without () (x)'],
    ['x[365d:90m] offset -8d', 'x[1y:1h30m] offset -8d'],
    ['topk( 2,x@end() )', 'topk(2, x @ end())'],
    ['- (-x ^2)', '-(-x ^ 2)'],
    [`{__name__='a b"\\x01'}`, '{__name__="a b\\"\\x01"}'],
    ['NaN+inf', 'NaN + +Inf'],
  ])
    t.equal(printExpression(parseExpression(written)), expected);
});

/**
 * What follows group_left in parentheses is taken for labels, and operators may bind otherwise than was thought. A NaN
 * loses its sign.
 */
function isRight(expression: string): boolean {
  if (expression.includes('-NaN')) return false;
  try {
    checkExpression(expression);
    return true;
  } catch {
    return false;
  }
}

test(`a printed expression parses to the same tree (RINGMETER_SEED=${SEED})`, async (t) => {
  const generator = new Generator(randomFrom(SEED), [0, 1_500]);
  const generated = Array.from({ length: 500 }, (_, index) => generator.vector(1 + (index % 5)));
  for (const expression of [...VECTORS, ...SCALARS, ...OTHERS, ...generated.filter(isRight)]) {
    const node = parseExpression(expression);
    const again = parseExpression(printExpression(node));
    if (plain(node) !== plain(again)) t.equal(plain(again), plain(node), expression);
  }
  t.pass();
});
