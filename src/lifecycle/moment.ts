import type { Arena } from '../arena/arena';

/** When a snapshot is taken, or a life ends. */
export interface Moment {
  /** By the arena's clock. */
  readonly takenAt: number;
  /** Wall-clock milliseconds. */
  readonly timestamp: number;
}

export function momentOf(arena: Arena): Moment {
  return { takenAt: arena.tick(), timestamp: Date.now() };
}

/** A collect, as far as it tells which records are in its snapshot. */
export interface Cut extends Moment {
  /** Number of births: a series whose birth has this number or a higher one is not in the snapshot. */
  readonly births: number;
}
