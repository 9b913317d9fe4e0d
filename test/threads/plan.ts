import program from '../fixtures/program.cjs';

const ENDINGS = ['return', 'exit', 'throw', 'terminate', 'terminate'] as const;
/** How a thread finds the collector: inherited, by its handle, or by a message to a thread that was there before. */
const JOINS = ['inherited', 'handle', 'message'] as const;

export interface ThreadPlan {
  number: number;
  seed: number;
  labelSets: number;
  count: number;
  joins: (typeof JOINS)[number];
  ending: (typeof ENDINGS)[number];
  /** Milliseconds. */
  startAfter: number;
  killAfter: number;
  /** A thread that this one starts. */
  nested: ThreadPlan | undefined;
}

/** What one random program does; all of it follows from the seed. */
export interface Plan {
  ringCapacity: number;
  flushWorkers: number;
  onFull: 'fold' | 'drop';
  killFlushWorkers: boolean;
  threads: ThreadPlan[];
}

export function planOf(seed: number): Plan {
  const next = program.random(seed);
  const upTo = (n: number): number => Math.floor(next() * n);
  let threads = 0;
  const threadOf = (joins: ThreadPlan['joins'], mayStart: boolean): ThreadPlan => ({
    number: threads++,
    seed: upTo(2 ** 31),
    labelSets: 1 + upTo(12),
    count: 100 + upTo(20_000),
    joins,
    ending: ENDINGS[upTo(ENDINGS.length)],
    startAfter: upTo(2) * upTo(150),
    killAfter: upTo(120),
    // what a thread inherits it has from its start: nothing, if it was there before the collector
    nested: mayStart && upTo(3) === 0 ? threadOf(joins === 'inherited' ? JOINS[upTo(2)] : 'handle', false) : undefined,
  });
  return {
    ringCapacity: 2 ** (6 + upTo(11)),
    flushWorkers: 1 + upTo(2),
    onFull: next() < 0.75 ? 'fold' : 'drop',
    killFlushWorkers: next() < 0.7,
    threads: Array.from({ length: 1 + upTo(4) }, () => threadOf(JOINS[upTo(JOINS.length)], true)),
  };
}
