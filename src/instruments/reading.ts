import type { Drainer } from '../drain/drain';
import type { Definition } from '../kinds/definition';
import { columnCount } from '../kinds/kinds';
import { Lifetimes } from '../lifecycle/lifetimes';
import { type SeriesEntry, SeriesList } from '../registry/series-list';
import type { Recorder } from './recorder';

/**
 * How long a reading thread waits for a flush worker that is folding: a batch takes well under a millisecond, but the
 * worker may have been descheduled. Only if this time runs out does a read miss events that are still in a ring.
 */
const MAX_WAIT_MS = 500;

/** Reads the present value of a series, synchronously, on the calling thread, with all that it has recorded. */
export class SeriesReading {
  private readonly lifetimes: Lifetimes;

  constructor(
    private readonly recorder: Recorder,
    private readonly drainer: Drainer,
  ) {
    this.lifetimes = new Lifetimes(recorder.arena, drainer);
  }

  /** The columns of one series, added up over all threads. */
  read({ id, epoch, record }: Pick<SeriesEntry, 'id' | 'epoch' | 'record'>, definition: Definition): Float64Array {
    const out = new Float64Array(columnCount(definition));
    if (id === 0) return out;
    const series = SeriesList.of({ id, epoch, column: 0, record, birth: 0 });
    this.recorder.publish();
    this.recorder.arena.tick();
    this.drainer.withDrained(this.drainer.used(), MAX_WAIT_MS, () =>
      this.lifetimes.read(out, series, definition, false),
    );
    return out;
  }
}
