import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Metric, MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { Catalog } from '../../dist/src/aggregate/catalog.js';
import program from '../fixtures/program.cjs';
import { SEED } from '../instruments/support';
import { definitionOf, makeArena } from './bench';

const ROUNDS = 4;

/** What several threads answer that register at the same moment. One more of them is killed at a random moment. */
async function race<T>(workerData: object, round: number): Promise<T[]> {
  const gate = new SharedArrayBuffer(4);
  const workers = [1, 2, 3, 4].map(
    (thread) =>
      new Worker(join(__dirname, '../fixtures/registrar.cjs'), {
        workerData: { ...workerData, gate, seed: SEED + thread + round * 10 },
        execArgv: ['--no-warnings'],
      }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const [victim, ...others] = workers;
  const answers = others.map(async (worker) => {
    const [[answer]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    return answer as T;
  });
  Atomics.store(new Int32Array(gate), 0, 1);
  await sleep(program.random(SEED + round)() * 8);
  await victim.terminate();
  return Promise.all(answers);
}

test(`the same series registered by several threads at once is one series (RINGMETER_SEED=${SEED})`, async (t) => {
  // every thread gets the same id for the same labels, listed once   allowed
  // two ids for one label set                                        FORBIDDEN   its value would be split
  // a series listed twice, or not at all                             FORBIDDEN
  // threads killed half way change none of this
  const count = 300;
  for (let round = 0; round < ROUNDS; round++) {
    const arena = makeArena();
    const definition = definitionOf('counter');
    const [first, ...others] = await race<[number, number][]>({ arena: arena.buffer, definition, count }, round);
    for (const other of others) t.same(other, first, 'the same ids');
    const ids = first.map(([, id]) => id);
    t.equal(new Set(ids).size, count, 'each its own');
    const catalog = new Catalog(arena);
    catalog.refresh();
    t.equal(catalog.families.length, 1);
    const listed = catalog.families[0].series;
    const ascending = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);
    t.same(ascending(listed.ids.subarray(0, listed.count)), ascending(ids), 'all listed, once');
    t.equal(new Set(listed.columns.subarray(0, listed.count)).size, count, 'columns are their own');
  }
});

type Defined = [index: number, kind: string, options: object];

test(`of metrics that several threads define differently at once, one stands (RINGMETER_SEED=${SEED})`, async (t) => {
  // one definition, all who asked for it record into it, the others get RINGMETER_METRIC_CONFLICT   allowed
  // two threads defined it differently                                 FORBIDDEN   events of one kind in cells of another
  // a metric listed twice, or not at all, or with another's definition FORBIDDEN
  // a thread killed half way leaves a definition that others can use, or none
  const kinds = [
    ['counter', {}],
    ['gauge', {}],
    ['histogram', { buckets: [1, 2, 3] }],
    ['histogram', { buckets: [0.5, 5] }],
    ['summary', { maxAge: 10 }],
  ];
  const count = 40;
  for (let round = 0; round < ROUNDS; round++) {
    const collector = new MetricsCollector({ flushWorkers: 0, flushInterval: 0 });
    const { arena } = collector.handle;
    const answers = await race<Defined[]>({ arena, kinds, count }, round);
    const metrics = new Map<string, Metric[]>();
    for (const metric of await collector.getAllMetrics())
      metrics.set(metric.name, [...(metrics.get(metric.name) ?? []), metric]);
    let refused = 0;
    for (let index = 0; index < count; index++) {
      const defined = answers.flat().filter(([each]) => each === index);
      refused += answers.length - defined.length;
      const shown = metrics.get(`m${index}`) ?? [];
      const [, kind, options] = defined[0] ?? [index, shown[0]?.type, {}];
      const bounds = (options as { buckets?: number[] }).buckets;
      if (new Set(defined.map((each) => JSON.stringify(each))).size > 1)
        t.fail(`m${index}: ${JSON.stringify(defined)}`);
      // the thread that was killed may have defined it and not recorded: what has no series is not listed here
      if (defined.length + shown.length === 0) continue;
      if (shown.length !== 1 || shown[0].type !== kind) t.fail(`m${index} is shown as ${JSON.stringify(shown)}`);
      if (bounds && shown[0]?.buckets?.length !== bounds.length + 1) t.fail(`m${index}: other buckets`);
      // the thread that was killed may have recorded one
      const extra = shown[0].value - defined.length;
      if (extra !== 0 && extra !== 1) t.fail(`m${index}: ${shown[0].value} records of ${defined.length} threads`);
    }
    t.ok(refused > 0, `${refused} of ${count * answers.length} definitions were refused`);
    await collector.close();
  }
});
