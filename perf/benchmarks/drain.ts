import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Kind } from '../contenders/contender';
import { median } from '../measure/statistics';
import type { Benchmark, Case, Outcome, Scale, Turn } from '../runner/benchmark';
import { Threads } from '../threads/threads';

/** How fast flush workers fold what the recording threads have left in their rings. */
export const benchmark: Benchmark<DrainCase> = {
  name: 'drain',
  about: 'events per second that 1 or 2 flush workers fold, and their processor time per million events',
  cases,
  perform,
};

export type DrainCase = { kind: Kind; series: number; workers: number };

/** Each has a ring of its own, which one worker at a time can drain. */
const RECORDING_THREADS = 2;
const KINDS: Record<Scale, Kind[]> = {
  full: ['counter', 'gauge', 'histogram', 'summary'],
  quick: ['counter', 'histogram'],
};
const SERIES = { full: [1_000, 100_000], quick: [1_000] };
const WORKERS = [1, 2];
const RING = { full: 2 ** 21, quick: 2 ** 20 };
const ROUNDS = { full: 5, quick: 3 };

function cases(contender: string, scale: Scale): Case<DrainCase>[] {
  if (contender !== 'ringmeter') return [];
  return KINDS[scale].flatMap((kind) =>
    SERIES[scale].flatMap((series) =>
      WORKERS.map((workers) => ({ parameters: { kind, series, workers }, seconds: scale === 'full' ? 8 : 1.5 })),
    ),
  );
}

const NAME = 'drained';

async function perform(load: () => Contender, { kind, series, workers }: DrainCase, turn: Turn): Promise<Outcome> {
  const ringCapacity = RING[turn.scale];
  const library = await load().open({ series, flushWorkers: workers, ringCapacity });
  const metric = library.labelled(kind, NAME);
  const { contender } = turn;
  const { handle } = library;
  const threads = await Threads.start(RECORDING_THREADS, { contender, handle, kind, name: NAME, series });
  const folded = foldedCounter(handle as { arena: SharedArrayBuffer });
  const rounds: { perSecond: number; cpu: number }[] = [];
  for (let round = 0; round <= ROUNDS[turn.scale]; round++) {
    await threads.ask({ records: ringCapacity });
    rounds.push(await watchDrain(folded, (round + 1) * RECORDING_THREADS * ringCapacity));
  }
  const [, ...measured] = rounds;
  const outcome: Outcome = {
    figures: {
      drain: {
        perSecond: median(measured.map(({ perSecond }) => perSecond)),
        cpuSecondsPerMillion: median(measured.map(({ cpu }) => cpu)),
      },
    },
    wrong: [],
  };
  const recorded = rounds.length * RECORDING_THREADS * ringCapacity;
  const { count } = await metric.read();
  // a gauge counts nothing: of those the audit tells how many events were folded
  if (kind !== 'gauge' && count !== recorded) outcome.wrong.push(`${recorded} recorded, ${count} folded`);
  const wrong = library.audit?.();
  if (wrong !== undefined) outcome.wrong.push(wrong);
  await threads.end();
  await library.close?.();
  return outcome;
}

/** From when the recording threads are done, which is when the worker that was woken by a half full ring is at work. */
async function watchDrain(folded: () => number, total: number): Promise<{ perSecond: number; cpu: number }> {
  const before = { folded: folded(), cpu: process.cpuUsage(), at: performance.now() };
  while (folded() < total) await sleep(1);
  const seconds = (performance.now() - before.at) / 1000;
  const { user, system } = process.cpuUsage(before.cpu);
  const events = total - before.folded;
  return { perSecond: events / seconds, cpu: (user + system) / events };
}

/**
 * How many events the flush workers have folded by now. `collector.stats()` cannot be asked: it folds what it can itself
 * first. So this looks into the arena.
 */
function foldedCounter({ arena: buffer }: { arena: SharedArrayBuffer }): () => number {
  const inside = (file: string): unknown => require(join(dirname(require.resolve('ringmeter')), file));
  const { Arena } = inside('arena/arena.js') as typeof import('../../dist/src/arena/arena');
  const { Drainer } = inside('drain/drain.js') as typeof import('../../dist/src/drain/drain');
  const drainer = new Drainer(Arena.attach(buffer), 0);
  return () => drainer.used().reduce((sum, shard) => sum + shard.folded, 0);
}
