import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MetricsCollector } from 'ringmeter';
import program from '../fixtures/program.cjs';
import { differences, isConserved, Reference, samplesOf } from './reference';

const ENDINGS = ['return', 'exit', 'throw', 'terminate'] as const;

/** What one random program does; all of it follows from the seed. */
interface Plan {
  ringCapacity: number;
  flushWorkers: number;
  onFull: 'fold' | 'drop';
  killFlushWorkers: boolean;
  threads: { seed: number; labelSets: number; count: number; ending: (typeof ENDINGS)[number]; killAfter: number }[];
}

function planOf(seed: number): Plan {
  const next = program.random(seed);
  const upTo = (n: number): number => Math.floor(next() * n);
  return {
    ringCapacity: 2 ** (6 + upTo(11)),
    flushWorkers: 1 + upTo(2),
    onFull: next() < 0.8 ? 'fold' : 'drop',
    killFlushWorkers: next() < 0.6,
    threads: Array.from({ length: 1 + upTo(5) }, () => ({
      seed: upTo(2 ** 31),
      labelSets: 1 + upTo(12),
      count: 100 + upTo(30_000),
      ending: ENDINGS[upTo(ENDINGS.length)],
      killAfter: upTo(120),
    })),
  };
}

/** One thread of the program, while it runs and after it ended. */
interface Run {
  thread: Plan['threads'][number];
  /** Operations that it has begun, and that it has finished: they differ by one if it was killed inside. */
  counts: () => { begun: number; done: number };
  ended: Promise<unknown>;
}

/**
 * Runs the random program of a seed and compares what the collector has with a naive reference.
 *
 * @returns what is wrong; empty if nothing is
 */
export async function runProgram(seed: number): Promise<string[]> {
  const plan = planOf(seed);
  const flushWorkers: Worker[] = [];
  const watch = (worker: Worker): void => {
    flushWorkers.push(worker);
  };
  process.on('worker', watch);
  const { ringCapacity, onFull } = plan;
  const collector = new MetricsCollector({ ringCapacity, onFull, flushWorkers: plan.flushWorkers, flushInterval: 50 });
  const problems: string[] = [];
  try {
    await new Promise(setImmediate);
    process.off('worker', watch);
    const runs = plan.threads.map(startThread);
    let running = true;
    const all = Promise.all(runs.map(({ ended }) => ended)).then(() => {
      running = false;
    });
    const next = program.random(seed + 1);
    let before = new Map<string, number>();
    while (running) {
      before = await checkScrape(collector, before, problems);
      if (plan.killFlushWorkers && next() < 0.3) void flushWorkers.pop()?.terminate();
      await Promise.race([all, sleep(next() * 20)]);
    }
    await all;
    problems.push(...(await compare(collector, plan, runs)));
    await checkScrape(collector, before, problems);
    return problems;
  } finally {
    await collector.close();
  }
}

function startThread(thread: Plan['threads'][number], index: number): Run {
  const progress = new SharedArrayBuffer(128);
  const { seed, labelSets, count, ending, killAfter } = thread;
  const worker = new Worker(join(__dirname, '../fixtures/recorder.cjs'), {
    workerData: { seed, thread: index, labelSets, count, ending, progress },
    execArgv: ['--no-warnings'],
  });
  worker.on('error', () => {});
  worker.once('message', () => {
    if (ending === 'terminate') setTimeout(() => worker.terminate(), killAfter);
  });
  const words = new Int32Array(progress);
  return {
    thread,
    counts: () => ({ begun: Atomics.load(words, 0), done: Atomics.load(words, 16) }),
    ended: new Promise((resolve) => worker.once('exit', resolve)),
  };
}

/** No cumulative sample ever goes back, and a histogram always agrees with itself. */
async function checkScrape(
  collector: MetricsCollector,
  before: Map<string, number>,
  problems: string[],
): Promise<Map<string, number>> {
  const now = await samplesOf(collector);
  for (const [key, value] of before) {
    if (key.startsWith('g_') || key.startsWith('h_sum') || key.startsWith('s_sum')) continue;
    if ((now.get(key) ?? 0) < value) problems.push(`${key} went back from ${value} to ${now.get(key)}`);
  }
  for (const [key, count] of now)
    if (key.startsWith('h_count') && now.get(`${key.replace('h_count', 'h_bucket')} +Inf`) !== count)
      problems.push(`${key} is ${count}, its +Inf bucket is not`);
  return now;
}

/** Compares with the reference. A thread killed inside an operation may have recorded it or not. */
async function compare(collector: MetricsCollector, plan: Plan, runs: Run[]): Promise<string[]> {
  const found = await samplesOf(collector);
  const stats = collector.stats();
  const problems = isConserved(stats) ? [] : [`not conserved: ${JSON.stringify(stats)}`];
  if (stats.pending !== 0) problems.push(`${stats.pending} events still pending`);
  if (plan.onFull === 'fold' && stats.dropped !== 0)
    problems.push(`${stats.dropped} dropped although onFull is 'fold'`);
  const candidates = choices(runs.map((run) => run.counts())).map((counts) => referenceOf(runs, counts));
  const attempts = candidates.map(({ samples, invalid, valid }) => {
    const wrong = stats.recorded === valid + invalid ? [] : [`recorded ${stats.recorded}, expected ${valid + invalid}`];
    if (stats.invalid !== invalid) wrong.push(`invalid ${stats.invalid}, expected ${invalid}`);
    // with onFull 'drop' nobody can tell which events are missing, only how many
    return plan.onFull === 'drop' ? wrong : [...wrong, ...differences(found, samples)];
  });
  const best = attempts.reduce((least, wrong) => (wrong.length < least.length ? wrong : least));
  return [...problems, ...best.slice(0, 10)];
}

function choices(counts: { begun: number; done: number }[]): number[][] {
  return counts.reduce<number[][]>(
    (all, { begun, done }) =>
      all.flatMap((one) =>
        begun === done
          ? [[...one, done]]
          : [
              [...one, done],
              [...one, begun],
            ],
      ),
    [[]],
  );
}

function referenceOf(runs: Run[], counts: number[]): Reference {
  const reference = new Reference();
  runs.forEach(({ thread }, index) => {
    const operations = program.operations(thread.seed, index, thread.labelSets);
    for (let left = counts[index]; left > 0; left--) reference.apply(operations.next().value);
  });
  return reference;
}
