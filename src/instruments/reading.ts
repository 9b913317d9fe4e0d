import { columnCount } from '../aggregate/columns';
import type { Definition } from '../aggregate/definition';
import type { Drainer } from '../aggregate/drain';
import { SeriesMerge } from '../aggregate/merge';
import { SeriesList, type SeriesPlaces } from '../aggregate/series-list';
import type { Recorder } from './recorder';

/**
 * How long a reading thread waits for a flush worker that is folding: a batch takes well under a millisecond, but the
 * worker may have lost its processor to others. Only then does a read miss events that are still in a ring.
 */
const PATIENCE_MS = 500;

/** Reads the present value of a series, synchronously, on the thread that asks: it sees everything it recorded itself. */
export class SeriesReading {
  private readonly merge: SeriesMerge;

  constructor(
    private readonly recorder: Recorder,
    private readonly drainer: Drainer,
  ) {
    this.merge = new SeriesMerge(recorder.arena);
    this.merge.isStill = drainer.holds;
  }

  /** The columns of one series, added up over all threads. */
  read({ id, epoch }: Pick<SeriesPlaces, 'id' | 'epoch'>, definition: Definition): Float64Array {
    const out = new Float64Array(columnCount(definition));
    if (id === 0) return out;
    const series = SeriesList.of({ id, epoch, column: 0, record: 0, place: 0 });
    this.recorder.publish();
    this.recorder.arena.tick();
    this.merge.shards = this.drainer.used();
    this.drainer.withDrained(this.merge.shards, PATIENCE_MS, () => this.merge.into(out, series, definition));
    return out;
  }
}
