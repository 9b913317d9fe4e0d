import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'tap';
import type { Selector } from '../../dist/src/query/ast.js';
import { createQueryEngine } from '../../dist/src/query/engine.js';
import { matcherTest, matchesAll } from '../../dist/src/query/matchers.js';
import { parseExpression } from '../../dist/src/query/parse.js';
import { compileRegex } from '../../dist/src/query/regex.js';
import type { Matcher } from '../../dist/src/query/types.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Short as a text, and some megabytes when it is compiled. */
const large = (end: string): string => `${'x{1000}'.repeat(30)}${end}`;

test('large regular expressions are evicted from the cache, also those of cached expressions', async (t) => {
  const engine = createQueryEngine({ select: () => [] });
  const ask = (text: string) => engine.instant(`x{a=~"${text}"}`, 0);
  await ask(large('first'));
  const first = new WeakRef(compileRegex(large('first'))!);
  for (let other = 0; other < 10; other++) await ask(large(String(other)));
  // a WeakRef holds what it was asked for until the turn ends
  await new Promise(setImmediate);
  collectGarbage();
  t.equal(first.deref(), undefined);
  t.same(await ask(large('first')), { type: 'vector', samples: [] });
});

test('a query with more regular expressions than the cache holds compiles each once', (t) => {
  const many = Array.from({ length: 3_000 }, (_, at) => `a=~".*|${at}x.?"`).join();
  const node = parseExpression(`x{${many}}`);
  const started = performance.now();
  const { matchers } = node as Selector;
  t.ok(Array.from({ length: 100 }, (_, value) => matchesAll({ a: `v${value}` }, matchers)).every(Boolean));
  t.ok(performance.now() - started < 10_000, 'and does not compile them for each value');
  t.end();
});

test('the regular expressions of one query are bounded together', (t) => {
  t.ok(parseExpression(`x{a=~"${large('a')}",b!~"${large('b')}"}`));
  const many = Array.from({ length: 5 }, (_, at) => `a=~"${large(String(at))}"`).join();
  t.throws(() => parseExpression(`x{${many}}`), {
    code: 'RINGMETER_INVALID_QUERY',
    message: /the regular expressions are too large: they compile to \d+ instructions, more than the limit of 100000/,
  });
  t.end();
});

test('cached matches of many values are evicted, and computed again', (t) => {
  const matcher: Matcher = { name: 'a', operator: '=~', value: 'v[0-9]*1' };
  const matches = matcherTest(matcher);
  let count = 0;
  for (let value = 0; value < 501_000; value++) if (matches(`v${value}`)) count++;
  t.equal(count, 50_100);
  t.equal(matches('v1'), true);
  t.equal(matches('v2'), false);
  t.end();
});
