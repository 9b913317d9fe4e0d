import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Metric, MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { Catalog } from '../../dist/src/registry/catalog.js';
import program from '../fixtures/program.cjs';
import { SEED } from '../instruments/support';
import { definitionOf, makeArena } from './bench';

const ROUNDS = 3;

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

/** What contradicts each other in what threads defined under one name and what is shown. */
function problemsOf(defined: Defined[], shown: Metric[]): string[] {
  const problems: string[] = [];
  if (new Set(defined.map((each) => JSON.stringify(each))).size > 1) problems.push(JSON.stringify(defined));
  // the thread that was killed may have defined it for itself, and recorded or not
  if (defined.length === 0 && shown.length === 0) return problems;
  if (shown.length !== 1) return [...problems, `shown ${shown.length} times`];
  const [{ type, value, buckets }] = shown;
  const extra = value - defined.length;
  if (extra !== 0 && extra !== 1) problems.push(`${value} records of ${defined.length} threads`);
  if (defined.length === 0) return problems;
  const [[, kind, options]] = defined;
  if (type !== kind) problems.push(`a ${kind} is shown as a ${type}`);
  const bounds = (options as { buckets?: number[] }).buckets;
  if (
    bounds &&
    buckets
      ?.slice(0, -1)
      .map(({ le }) => Number(le))
      .join() !== bounds.join()
  )
    problems.push(`buckets ${bounds} are shown as ${JSON.stringify(buckets)}`);
  return problems;
}

test(`of conflicting definitions that several threads make at the same time, one wins (RINGMETER_SEED=${SEED})`, async (t) => {
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
      const problems = problemsOf(defined, metrics.get(`m${index}`) ?? []);
      if (problems.length > 0) t.fail(`m${index}`, { problems });
    }
    t.ok(refused > 0, `${refused} of ${count * answers.length} definitions were refused`);
    await collector.close();
  }
});
