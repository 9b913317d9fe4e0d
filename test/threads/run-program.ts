import { setTimeout as sleep } from 'node:timers/promises';
import { MetricsCollector } from 'ringmeter';
import program from '../fixtures/program.cjs';
import { until } from '../instruments/support';
import { type Plan, planOf } from './plan';
import { FlushWorkerKiller, ProgramThread, type Run } from './program-threads';
import {
  differences,
  eventsShown,
  excess,
  GAUGE_THAT_ALL_SET,
  isConserved,
  Reference,
  type Samples,
} from './reference';
import { contradictions, samplesOf, scrapedFrom, wentBack } from './samples';

/**
 * Runs the random program of a seed and compares what the collector has with a naive reference.
 *
 * @returns what is wrong; empty if nothing is
 */
export async function runProgram(seed: number): Promise<string[]> {
  const plan = planOf(seed);
  const problems: string[] = [];
  // these are there before anybody watches for threads
  const early = plan.threads.map((thread) =>
    thread.joins === 'message' ? new ProgramThread(thread, plan) : undefined,
  );
  await Promise.all(early.map((thread) => thread?.online));
  const killer = new FlushWorkerKiller(program.random(seed + 1));
  const { ringCapacity, onFull, flushWorkers } = plan;
  const collector = new MetricsCollector({ ringCapacity, onFull, flushWorkers, flushInterval: 50 });
  try {
    const ended = plan.threads.map(async (thread, index) => {
      await sleep(thread.startAfter);
      return (early[index] ?? new ProgramThread(thread, plan, collector)).run(collector, problems);
    });
    const observer = new Observer(collector, program.random(seed + 2), problems);
    const runs = await observer.lookUntil(Promise.all(ended), () => plan.killFlushWorkers && killer.soon());
    killer.stop();
    // of a thread that another one started the end is heard of a little later
    await until('the shards of ended threads are free', () => collector.stats().threads <= 1);
    await observer.look();
    problems.push(...(await historyProblems(collector)), ...(await finalProblems(collector, plan, runs.flat())));
    return problems;
  } finally {
    killer.stop();
    await collector.close();
  }
}

/** Looks at a collector while threads record into it: in every way there is, and never sees anything go back. */
class Observer {
  private before: Samples = new Map();

  constructor(
    private readonly collector: MetricsCollector,
    private readonly next: () => number,
    private readonly problems: string[],
  ) {}

  async lookUntil<T>(end: Promise<T>, each: () => void): Promise<T> {
    let running = true;
    const ended = end.finally(() => {
      running = false;
    });
    while (running) {
      each();
      await this.look();
      await Promise.race([ended, sleep(this.next() * 15)]);
    }
    return ended;
  }

  async look(): Promise<void> {
    const samples = await (this.next() < 0.5 ? samplesOf(this.collector) : scrapedFrom(this.collector));
    this.problems.push(...wentBack(this.before, samples), ...contradictions(samples));
    this.before = samples;
  }
}

/** What the default storage kept goes back as little as what is scraped. */
async function historyProblems(collector: MetricsCollector): Promise<string[]> {
  const problems: string[] = [];
  for (const { labels, points } of await collector.storage.query({ name: 'c_total' }))
    for (let index = 1; index < points.length; index++)
      if (points[index].value < points[index - 1].value)
        problems.push(`the history of c_total ${JSON.stringify(labels)} goes back at ${points[index].timestamp}`);
  return problems;
}

/** Compares with the reference. A thread killed inside an operation may have recorded it or not. */
async function finalProblems(collector: MetricsCollector, plan: Plan, runs: Run[]): Promise<string[]> {
  const found = await samplesOf(collector);
  const scraped = await scrapedFrom(collector);
  const stats = collector.stats();
  const problems = differences(scraped, found).map((difference) => `scraped: ${difference}`);
  if (!isConserved(stats)) problems.push(`not conserved: ${JSON.stringify(stats)}`);
  if (stats.pending !== 0) problems.push(`${stats.pending} events still pending`);
  if (plan.onFull === 'fold' && stats.dropped !== 0)
    problems.push(`${stats.dropped} dropped although onFull is 'fold'`);
  if (plan.onFull === 'drop' && stats.foldedInPlace !== 0) problems.push(`${stats.foldedInPlace} folded in place`);
  if (plan.onFull === 'drop' && eventsShown(found) !== stats.folded)
    problems.push(`${eventsShown(found)} events are shown, ${stats.folded} were folded`);
  const attempts = references(runs, plan.onFull === 'fold').map((reference) => {
    const { samples, invalid, valid } = reference;
    const wrong = stats.recorded === valid + invalid ? [] : [`recorded ${stats.recorded}, expected ${valid + invalid}`];
    if (stats.invalid !== invalid) wrong.push(`invalid ${stats.invalid}, expected ${invalid}`);
    // nobody can tell which events were dropped, only how many
    if (plan.onFull === 'drop') return [...wrong, ...excess(found, samples)];
    const last = found.get(GAUGE_THAT_ALL_SET) ?? 0;
    if (!reference.allowsLast(last)) wrong.push(`g_last is ${last}, of ${JSON.stringify([...reference.last])}`);
    return [...wrong, ...differences(found, samples)];
  });
  const best = attempts.reduce((least, wrong) => (wrong.length < least.length ? wrong : least));
  return [...problems.slice(0, 10), ...best.slice(0, 10)];
}

/** All that may have been recorded: of every thread what it finished, with or without what it was killed in. */
function references(runs: Run[], sets: boolean): Reference[] {
  const finished = new Reference();
  let all = [finished];
  const killedIn = runs.flatMap(({ thread, counts }) => {
    const { begun, done } = counts();
    const operations = program.operations(thread.seed, thread.number, thread.labelSets, sets);
    for (let left = done; left > 0; left--) finished.apply(operations.next().value, thread.number);
    return begun === done ? [] : [{ operation: operations.next().value, thread: thread.number }];
  });
  for (const { operation, thread } of killedIn)
    all = all.flatMap((without) => {
      const withIt = without.clone();
      withIt.apply(operation, thread);
      return operation.kind === 'read' ? [without] : [without, withIt];
    });
  return all;
}
