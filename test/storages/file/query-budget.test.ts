import { readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { FileStorage, MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { Budget } from '../../../dist/src/query/budget.js';
import { queryDirectory } from '../../../dist/src/storages/file/query.js';
import { directoryFor, writerFor } from './support';

const LIMITS = { maxSamples: 100_000, maxBytes: 2 ** 22, timeout: Number.POSITIVE_INFINITY };
const LIMIT = { code: 'RINGMETER_QUERY_LIMIT' };
const everything = (name: string) => ({
  name,
  labels: {},
  from: Number.NEGATIVE_INFINITY,
  to: Number.POSITIVE_INFINITY,
});

/** A directory with 10 flushes of 1,000 counters, of a gauge, and of what nobody asks for. */
async function written(t: Parameters<typeof directoryFor>[0], gzip = false): Promise<string> {
  const directory = directoryFor(t);
  const { collector, flush, close } = await writerFor(t, { directory, gzip, maxFileBytes: 40_000 });
  const many = collector.counter('many_total');
  const other = collector.counter('other_total');
  const one = collector.gauge('one');
  for (let round = 0; round < 10; round++) {
    one.set(round);
    for (let id = 0; id < 1_000; id++) many.increment(1, { id });
    for (let id = 0; id < 1_000; id++) other.increment(1, { id });
    await flush();
  }
  await close();
  return directory;
}

test('a query of files fails when its points or bytes exceed the limit', async (t) => {
  const directory = await written(t);
  t.ok(readdirSync(directory).filter((name) => name.includes('.jsonl')).length > 1, 'several files');
  const ask = (name: string, limits = {}, signal?: AbortSignal) =>
    queryDirectory(directory, everything(name), new Budget({ ...LIMITS, ...limits }, signal));
  t.equal((await ask('many_total')).length, 1_000);
  await t.rejects(ask('many_total', { maxSamples: 5_000 }), { ...LIMIT, message: /needs 5001 samples/ });
  await t.rejects(ask('many_total', { maxBytes: 50_000 }), { ...LIMIT, message: /the limit of 50000$/ });
  const [{ points }] = await ask('one', { maxBytes: 50_000, maxSamples: 10 });
  t.same(
    points.map(({ value }) => value),
    Array.from({ length: 10 }, (_, round) => round),
    'lines of other metrics cost nothing',
  );
});

test('a query of files keeps no data of a file after reading it', async (t) => {
  const directory = await written(t, true);
  const budget = new Budget(LIMITS, undefined);
  t.same(await queryDirectory(directory, everything('nothing'), budget), []);
  const found = await queryDirectory(directory, { ...everything('many_total'), labels: { id: '7' } }, budget);
  t.equal(found[0].points.length, 10);
  t.ok(budget.heldBytes < 500, `${budget.heldBytes} bytes for one series`);
});

test('a query of files lets the event loop turn, and ends with its signal', async (t) => {
  const directory = await written(t);
  const abort = new AbortController();
  const reason = new Error('given up');
  let turns = 0;
  let isOver = false;
  const query = queryDirectory(directory, everything('many_total'), new Budget(LIMITS, undefined));
  const counting = (async () => {
    while (!isOver) {
      await setImmediate();
      turns++;
    }
  })();
  await query;
  isOver = true;
  await counting;
  t.ok(turns > 5, `${turns} turns`);
  const given = queryDirectory(directory, everything('many_total'), new Budget(LIMITS, abort.signal));
  abort.abort(reason);
  await t.rejects(given, reason);
});

test('a query of FileStorage that exceeds the limit fails with its code, and flushes continue', async (t) => {
  const directory = directoryFor(t);
  const storage = new FileStorage({ directory });
  const collector = new MetricsCollector({ storage, flushInterval: 0 });
  t.teardown(() => collector.close());
  const buckets = Array.from({ length: 200 }, (_, at) => at);
  const seconds = collector.histogram('seconds', { buckets });
  for (let id = 0; id < 1_400; id++) seconds.observe(id % 200, { id });
  await collector.flush();
  await t.rejects(storage.query({ name: 'seconds' }), LIMIT);
  t.equal((await storage.query({ name: 'seconds_count', labels: { id: 7 } }))[0].points.length, 1);
});
