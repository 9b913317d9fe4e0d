import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'tap';
import { createQueryEngine } from '../../dist/src/query/engine.js';
import { matchesAll } from '../../dist/src/query/matchers.js';
import type { QueryResult, SampleSource } from '../../dist/src/query/types.js';
import { seriesOf } from './support';

const series = Array.from({ length: 4_000 }, (_, id) => seriesOf({ __name__: 'x', id: String(id) }, [1, id]));
const engineOver = (limits = {}) => createQueryEngine({ select: () => series }, limits);
const LIMIT = { code: 'RINGMETER_QUERY_LIMIT' };

function nested(depth: number, around: (inner: string) => string): string {
  let expression = 'x';
  for (let level = 0; level < depth; level++) expression = around(expression);
  return expression;
}

const joined = nested(7, (inner) => `label_join(${inner},"id","",${Array(8).fill('"id"').join(',')})`);
const replaced = nested(7, (inner) => `label_replace(${inner},"id","$1$1$1$1$1$1$1$1","id","(.*)")`);

test('a many-to-many match is refused before pairs are made', async (t) => {
  const refused = engineOver({ maxBytes: 2 ** 21 }).instant('x + on() x', 2_000);
  await t.rejects(refused, { code: 'RINGMETER_INVALID_QUERY', message: /have the same match group/ });
});

test('memory for labels is charged before they are made', async (t) => {
  for (const expression of [joined, replaced])
    await t.rejects(engineOver().instant(`count(${expression})`, 2_000), LIMIT);
  await t.rejects(engineOver({ maxBytes: 1_000 }).instant('x', 2_000), { message: /the limit of 1000$/ });
  await t.rejects(engineOver().instant(`label_replace(x,"a","","id","${'()'.repeat(2_000)}.*")`, 2_000), LIMIT);
});

test('a matcher that would take seconds for one long value is refused before it is tried', async (t) => {
  const long = seriesOf({ __name__: 'x', id: 'xz'.repeat(30_000) }, [1, 1]);
  const source: SampleSource = { select: (matchers) => [long].filter(({ labels }) => matchesAll(labels, matchers)) };
  const count = async (regex: string): Promise<unknown> =>
    (
      (await createQueryEngine(source).instant(`count(x{id=~"${regex}"})`, 2_000)) as Extract<
        QueryResult,
        { type: 'vector' }
      >
    ).samples;
  await t.rejects(count('.*[xq].{400}[ab].*'), LIMIT);
  t.match(await count('x.*z'), [{ value: 1 }]);
});

test('memory for scalars at many steps is charged', async (t) => {
  const deep = `${'time()^('.repeat(50)}time()${')'.repeat(50)}`;
  await t.rejects(engineOver().range(deep, 0, 999_999, 1), LIMIT);
});

test('an aborted query ends while it sorts and groups many series', async (t) => {
  for (const expression of ['topk(2000, x)', 'quantile(0.5, x)', joined, 'x / ignoring(a) x', 'count_values("v", x)']) {
    const reason = new Error('given up');
    const abort = new AbortController();
    const query = createQueryEngine({ select: () => Array(50).fill(series).flat() }).instant(
      expression,
      2_000,
      abort.signal,
    );
    setImmediate(() => abort.abort(reason));
    await t.rejects(query, reason, expression);
  }
});

test('a process with a heap of 64 MiB survives hostile queries', async (t) => {
  const script = `
    const { createQueryEngine } = require(${JSON.stringify(require.resolve('../../dist/src/query/engine.js'))});
    const series = Array.from({ length: 4000 }, (_, id) => ({ labels: { __name__: 'x', id: String(id) },
      times: Float64Array.of(1000), values: Float64Array.of(id) }));
    const engine = createQueryEngine({ select: () => series });
    (async () => {
      for (const query of ${JSON.stringify(['x + on() x', joined, replaced])})
        await engine.instant(query, 2000).then(() => console.log('answered'), ({ code }) => console.log(code));
    })();`;
  const child = spawn(process.execPath, ['--max-old-space-size=64', '-e', script]);
  let said = '';
  child.stdout.on('data', (data) => {
    said += data;
  });
  const [code] = await once(child, 'close');
  t.equal(code, 0);
  t.same(said.trim().split('\n'), ['RINGMETER_INVALID_QUERY', 'RINGMETER_QUERY_LIMIT', 'RINGMETER_QUERY_LIMIT']);
});
