import type { Contender, Kind } from '../contenders/contender';
import { median, sum } from '../measure/statistics';
import type { Benchmark, Case, Outcome, Scale, Turn } from '../runner/benchmark';
import { type Reply, Threads } from '../threads/threads';

/** What a record costs when several threads record at the same time, with and without pauses. */
export const benchmark: Benchmark<ThreadsCase> = {
  name: 'record-on-threads',
  about: 'nanoseconds per record on 1 to 4 threads at a time, in bursts and without a pause (rings overflowing)',
  cases,
  perform,
};

export type ThreadsCase = { kind: Kind; threads: number };

const CONTENDERS = {
  full: ['floor', 'ringmeter', 'prom-client', 'opentelemetry'],
  quick: ['floor', 'ringmeter', 'prom-client'],
};
const KINDS: Record<Scale, Kind[]> = { full: ['counter', 'histogram', 'summary'], quick: ['counter'] };
const THREADS = { full: [1, 2, 3, 4], quick: [1, 2] };
const BUDGET_MS = { full: 500, quick: 150 };
export const SERIES = 1_000;

function cases(contender: string, scale: Scale): Case<ThreadsCase>[] {
  if (!CONTENDERS[scale].includes(contender)) return [];
  const kinds = KINDS[scale].filter((kind) => kind !== 'summary' || !['floor', 'opentelemetry'].includes(contender));
  return kinds.flatMap((kind) =>
    THREADS[scale].map((threads) => ({ parameters: { kind, threads }, seconds: scale === 'full' ? 3 : 1 })),
  );
}

const NAME = 'recorded';

async function perform(load: () => Contender, { kind, threads: count }: ThreadsCase, turn: Turn): Promise<Outcome> {
  const library = await load().open({ series: SERIES });
  const metric = library.labelled(kind, NAME);
  const { contender } = turn;
  const threads = await Threads.start(count, { contender, handle: library.handle, kind, name: NAME, series: SERIES });
  const milliseconds = BUDGET_MS[turn.scale];
  // V8 has seen both before either is timed
  const replies = [
    await threads.ask({ milliseconds: milliseconds / 3, pause: true }),
    await threads.ask({ milliseconds: milliseconds / 3, pause: false }),
  ];
  await library.settle?.();
  const bursts = await threads.ask({ milliseconds, pause: true });
  const sustained = await threads.ask({ milliseconds, pause: false });
  const outcome: Outcome = { figures: { bursts: figuresOf(bursts), sustained: figuresOf(sustained) }, wrong: [] };
  const recorded = sum([...replies, bursts, sustained].flat().map(({ records }) => records ?? 0));
  if (library.handle !== undefined) {
    const { count: found } = await metric.read();
    if (found !== recorded) outcome.wrong.push(`${recorded} recorded by ${count} threads, ${found} read back`);
  }
  // libraries of one thread each know what that thread recorded
  for (const { wrong } of await threads.ask({})) if (wrong !== undefined) outcome.wrong.push(wrong);
  await threads.end();
  await library.close?.();
  return outcome;
}

function figuresOf(replies: Reply[]): Record<string, number> {
  return { ns: median(replies.map(({ ns }) => ns!)) };
}
