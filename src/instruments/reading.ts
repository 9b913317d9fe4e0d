import { columnCount } from '../aggregate/columns';
import type { Definition } from '../aggregate/definition';
import type { Drainer } from '../aggregate/drain';
import { SeriesMerge } from '../aggregate/merge';
import type { Recorder } from './recorder';

/**
 * How long a reading thread waits for a flush worker that is folding: a batch takes well under a millisecond. It gives
 * up then, since the thread that reads is usually the one that serves.
 */
const PATIENCE_MS = 20;

/** Reads the present value of a series, synchronously, on the thread that asks: it sees everything it recorded itself. */
export class SeriesReading {
  constructor(
    private readonly recorder: Recorder,
    private readonly drainer: Drainer,
  ) {}

  /** The columns of one series, added up over all threads. */
  read(series: number, definition: Definition): Float64Array {
    const out = new Float64Array(columnCount(definition));
    if (series === 0) return out;
    this.recorder.publish();
    this.recorder.arena.tick();
    const shards = this.drainer.furnished();
    const merge = new SeriesMerge(this.recorder.arena, shards);
    this.drainer.withDrained(shards, PATIENCE_MS, () => merge.into(out, 0, series, definition));
    return out;
  }
}
