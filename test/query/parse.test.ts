import { type Test, test } from 'tap';
import { type Node, unwrapped } from '../../dist/src/query/ast.js';
import { checkExpression, parseExpression } from '../../dist/src/query/parse.js';
import { refuses } from '../instruments/support';

/** A tree with all its parentheses. */
function shape(node: Node): string {
  switch (node.kind) {
    case 'number':
      return String(node.value);
    case 'string':
      return JSON.stringify(node.value);
    case 'selector':
      return `${node.name}${node.range === undefined ? '' : `[${node.range}]`}${shift(node)}`;
    case 'subquery':
      return `${shape(node.expression)}[${node.range}:${node.step ?? ''}]${shift(node)}`;
    case 'call':
      return `${node.name}(${node.args.map(shape).join(', ')})`;
    case 'aggregate':
      return `${node.operator}${node.without ? ' without' : ''} ${node.labels} ${shape(node.expression)}`;
    case 'binary':
      return `(${shape(node.left)} ${node.operator} ${shape(node.right)})`;
    case 'unary':
      return `(${node.operator}${shape(node.expression)})`;
    case 'paren':
      return shape(unwrapped(node));
  }
}

function shift({ offset, at }: { offset?: number; at?: number | string }): string {
  return (offset === undefined ? '' : ` offset ${offset}`) + (at === undefined ? '' : ` @ ${at}`);
}

function reads(t: Test, expression: string, expected: string): void {
  t.equal(shape(parseExpression(expression)), expected, expression);
}

test('operators bind as in Prometheus', async (t) => {
  reads(t, 'a + b * c ^ d ^ e', '(a + (b * (c ^ (d ^ e))))');
  reads(t, 'a - b - c', '((a - b) - c)');
  reads(t, 'a or b and c unless d == e', '(a or ((b and c) unless (d == e)))');
  reads(t, 'a == b + 1', '(a == (b + 1))');
  reads(t, 'a atan2 b + c', '((a atan2 b) + c)');
  reads(t, '(a + b) * c', '((a + b) * c)');
});

test('a sign binds less than ^ and more than *', async (t) => {
  reads(t, '-1 ^ 2', '(-(1 ^ 2))');
  reads(t, '-a ^ 2 * b', '((-(a ^ 2)) * b)');
  reads(t, 'a - -1 ^ 2', '(a - (-(1 ^ 2)))');
  reads(t, '(-1) ^ 2', '((-1) ^ 2)');
  reads(t, '2 ^ -1', '(2 ^ (-1))');
});

test('a range, offset or @ applies to the operand directly before it, not to the whole expression', async (t) => {
  reads(t, 'a + b offset 5m', '(a + b offset 300000)');
  reads(t, 'a + b offset 5m * c', '(a + (b offset 300000 * c))');
  reads(t, 'a * b offset 5m + c', '((a * b offset 300000) + c)');
  reads(t, '-a offset 5m ^ 2 ^ b @ 3', '(-(a offset 300000 ^ (2 ^ b @ 3000)))');
  reads(t, 'a and b @ start() or c', '((a and b @ start) or c)');
  reads(t, 'rate(a[5m] offset -1h30m @ end())', 'rate(a[300000] offset -5400000 @ end)');
  reads(t, 'max_over_time(b[1m:10s] @ 1.5)', 'max_over_time(b[60000:10000] @ 1500)');
});

test('numbers, strings and durations are read as Go reads them', async (t) => {
  for (const [written, value] of Object.entries({
    '0x1F': 31,
    '017': 15,
    '089': 89,
    '1e3': 1_000,
    '.5': 0.5,
    '1E-2': 0.01,
  }))
    reads(t, written, String(value));
  reads(t, 'Inf', 'Infinity');
  reads(t, '-iNf', '(-Infinity)');
  reads(t, 'nan', 'NaN');
  reads(t, '"a\\tb\\x41\\101\\u00e9\\U0001F600\\"\'"', JSON.stringify('a\tbAAé😀"\''));
  reads(t, "'it\\'s'", JSON.stringify("it's"));
  reads(t, '`a\\n"`', JSON.stringify('a\\n"'));
  reads(t, 'a[1y2w3d4h5m6s7ms]', `a[${365 * 864e5 + 14 * 864e5 + 3 * 864e5 + 4 * 36e5 + 5 * 6e4 + 6_007}]`);
});

test('keywords are names of metrics and labels where they can be', async (t) => {
  reads(t, 'sum', 'sum');
  reads(t, 'by + without', '(by + without)');
  reads(t, 'sum by (on, bool, le) (rate)', 'sum on,bool,le rate');
  reads(t, 'SUM(x) WITHOUT (a)', 'sum without a x');
  parseExpression('x{on="1",bool="2",offset="3"}');
});

test('errors have the place and what was expected', async (t) => {
  const cases: [expression: string, ...says: string[]][] = [
    ['', 'expected an expression, found the end (character 1 of ""'],
    ['rate(x[5m)', 'expected a duration like 5m and "]", found ")" (character 10'],
    ['x{a=}', 'quoted value', 'character 5'],
    ['x{a="b}', 'ends with the quote it begins with', 'character 5'],
    ['sum(x', '"," or ")"', 'found the end', 'character 6'],
    ['a +', 'expected an expression, found the end'],
    ['a\n  b', 'line 2, character 3'],
    ['foo(x)', 'unknown function foo()', 'character 1'],
    ['x offset y', 'a duration like 5m'],
    ['x[5m] + 1', '+ needs scalars or instant vectors, got a range vector', 'character 1'],
    ['1 + sum(2)', 'sum needs an instant vector, got a scalar', 'character 9'],
    ['rate(x)', 'rate() needs a range vector, got an instant vector'],
    ['round(x, 1, 2)', 'round() takes 1 or 2 arguments, got 3'],
    ['label_join(x)', 'label_join() takes at least 3 arguments, got 1'],
    ['topk(x)', 'topk takes 2 arguments, got 1'],
    ['1 > 2', '> bool'],
    ['a + bool b', 'bool is only possible with comparisons'],
    ['a + on (x) group_left (x) b', 'must not be in on() and in the group modifier'],
    ['a and on (x) group_right b', 'group_right is not possible with and'],
    ['{}', 'does not match the empty string'],
    ['{a=~".*"}', 'does not match the empty string'],
    ['a{__name__="b"}', 'must not be given twice'],
    ['a{b=~"("}', 'not a valid regular expression', 'character 6'],
    ['a{b=~"(?=x)y"}', 'RE2'],
    ['a[0s]', 'longer than 0'],
    ['(a + b)[5m]', 'must directly follow a selector'],
    ['a offset 1m offset 1m', 'offset must not be given twice'],
    ['a @ NaN', 'a time in seconds'],
    ['"\\q"', 'escapes of Go'],
  ];
  for (const [expression, ...says] of cases)
    refuses(t, () => checkExpression(expression), 'RINGMETER_INVALID_QUERY', ...says);
  checkExpression('a');
});

test('what Prometheus 2.42 or a history does not support is named in the error', async (t) => {
  for (const [expression, ...says] of [
    ['histogram_count(x)', 'histogram_count() is not supported', 'native histograms'],
    ['histogram_fraction(0, 1, x)', 'histogram_fraction() is not supported'],
    ['mad_over_time(x[5m])', 'mad_over_time() is not supported', '2.42'],
    ['sort_by_label(x, "a")', 'sort_by_label() is not supported'],
    ['limitk(1, x)', 'limitk is not supported'],
    ['{"a.b"}', 'names in quotes are not supported'],
    ['sum by ("a") (x)', 'names in quotes are not supported'],
    ['x + 5m', '5m is not a number'],
    ['1_000', '1_000 is not a number'],
    ['x[300]', 'expected a duration like 5m, found 300'],
  ] as const)
    refuses(t, () => checkExpression(expression), 'RINGMETER_INVALID_QUERY', ...says);
});

test('expressions that are too long or too deeply nested are refused, whatever they contain', async (t) => {
  refuses(
    t,
    () => checkExpression(`${'('.repeat(2_000)}1${')'.repeat(2_000)}`),
    'RINGMETER_INVALID_QUERY',
    'more than 500',
  );
  refuses(t, () => checkExpression('1+'.repeat(60_000)), 'RINGMETER_INVALID_QUERY', 'more than 100000 characters');
  refuses(t, () => checkExpression(undefined as unknown as string), 'RINGMETER_INVALID_QUERY', 'must be a string');
  checkExpression(`1${' + 1'.repeat(400)}`);
});
