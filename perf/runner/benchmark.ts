import type { Contender } from '../contenders/contender';

/** How much is measured: everything, or what fits into two minutes. */
export type Scale = 'full' | 'quick';

/** What one process is asked to measure, beside for whom. */
export type Parameters = Readonly<Record<string, string | number | boolean>>;

export interface Case<P = Parameters> {
  parameters: P;
  /** About how long one process takes; only the estimate of the remaining time needs it. */
  seconds: number;
  /** Of what takes long, fewer repetitions than of the rest. */
  mostRepetitions?: number;
  /**
   * In how many legs a process does it, resting in between. With more than one, those of all contenders are up at once and
   * go on in turn: what the machine is like then is the same for all. Default 1.
   */
  legs?: number;
}

/** Ends a leg: the process is idle until all others have gone on as well. */
export type Rest = () => Promise<void>;

/** One file of `benchmarks/` exports one of these as `benchmark`. */
export interface Benchmark<P = Parameters> {
  /** Named by its shape; also its file's and its results' name. */
  readonly name: string;
  readonly about: string;
  /** What is measured of a contender; empty if it has nothing of the kind. */
  cases(contender: string, scale: Scale): Case<P>[];
  /** In a fresh process per case and repetition. `load` loads the contender's library. */
  perform(load: () => Contender, parameters: P, turn: Turn, rest: Rest): Promise<Outcome>;
}

/** What the process that measures knows beside its parameters. */
export interface Turn {
  /** File of the contender, for threads that load it as well. */
  contender: string;
  /** From 0; shifts the order of what is measured in one process, so that nothing is always first. */
  repetition: number;
  scale: Scale;
}

/** What one process has found out. */
export interface Outcome {
  /** By row and column. NaN becomes null on its way into a file. */
  figures: Record<string, Record<string, number | null>>;
  /** Rows that were left out, and why. */
  omitted?: Record<string, string>;
  /** Totals that are not what was recorded. */
  wrong: string[];
}

/** What a process is asked for, as its only argument, in JSON. */
export interface Task {
  benchmark: string;
  parameters: Parameters;
  turn: Turn;
}

/** What the process is told when it may go on, and what it says when it rests. */
export const GO_ON = 'go on';
export const RESTING = 'resting';

/** What it answers. */
export interface Answer extends Outcome {
  title: string;
}

/** In `omitted`: the whole case is left out. */
export const EVERYTHING = '*';

/** Thrown by what would take too long or too much memory: the case is left out with this reason. */
export class TooMuch extends Error {}
