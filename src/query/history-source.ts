import { monotonic } from '../common/monotonic';
import type { History } from '../history/history';
import type { HistoryClock } from '../history/history-clock';
import type { HistoryWindow } from '../history/window';
import type { Family } from '../registry/family';
import { FamilyLines, type SeriesLine } from './history-lines';
import { type Forgettable, keep, release, touch } from './kept';
import { hasSample } from './presence';
import type { Matcher, SampleSeries, SampleSource, SelectHints } from './types';

/** Values that are read under one hold of the lock: about 3 ms, for which other readers and writers wait. */
const VALUES_AT_ONCE = 150_000;

/** Milliseconds for which matchers are tried in one go. */
const LONGEST_LOOK_MS = 3;

/** The cached result of a selector, valid while no series is added. */
class Selection implements Forgettable {
  constructor(
    readonly version: string,
    public lines: readonly SeriesLine[] | undefined,
  ) {}

  forget(): void {
    this.lines = undefined;
  }
}

/** Bytes of the entry of one line. */
const BYTES_OF_LINE = 80;

/** The dependencies of a `HistorySource`. */
export interface HistoryReading {
  readonly history: History;
  /** Milliseconds after which a snapshot is ignored. */
  readonly maxAge: number;
  /** The metrics that are registered now. */
  families(): readonly Family[];
  /** Runs `action` under the history's lock. Must be short. */
  exclusively<T>(action: () => T): T;
  /** The clock of its timestamps. Default: the wall clock. */
  readonly clock?: Pick<HistoryClock, 'ahead' | 'at'>;
}

/**
 * The history of a `MemoryStorage` as Prometheus names it: `x`, `x_bucket{le}`, `x_sum`, `x_count`. A series has no
 * samples from before it existed, and one that was removed ends with a staleness marker. Where two snapshots are of the
 * same millisecond, the later one counts.
 */
export class HistorySource implements SampleSource {
  private readonly known = new WeakMap<Family, FamilyLines>();
  private readonly selections = new WeakMap<readonly Matcher[], Selection>();

  constructor(private readonly reading: HistoryReading) {}

  /** Results are cached by the identity of the `matchers` array. */
  select(matchers: readonly Matcher[], from: number, to: number, hints?: SelectHints): readonly SampleSeries[] {
    return [...this.slices(matchers, from, to, hints)].flat();
  }

  *slices(
    matchers: readonly Matcher[],
    from: number,
    to: number,
    hints: SelectHints = {},
  ): Generator<readonly SampleSeries[]> {
    const lines = yield* this.selected(matchers);
    const bounds = lines.length === 0 ? undefined : this.bounds(from, to, hints);
    if (bounds === undefined) return;
    const { history, exclusively } = this.reading;
    for (let next = 0; next < lines.length; ) {
      const slice: SampleSeries[] = [];
      exclusively(() => {
        const reader = new LineReader(history.window(bounds.first, bounds.last));
        const newest = hints.presence ? new LineReader(history.window(bounds.last, bounds.last)) : reader;
        for (let values = 0; next < lines.length && values < VALUES_AT_ONCE; next++) {
          values += newest.cost(lines[next]);
          let samples = newest.read(lines[next]);
          if (newest !== reader && (samples === undefined || !hasSample(samples))) {
            values += reader.cost(lines[next]);
            samples = reader.read(lines[next]);
          }
          if (samples !== undefined) slice.push(samples);
        }
      });
      yield slice;
    }
  }

  /** The times of the snapshots that are not too old, on the history's clock, ascending. */
  times(from: number, to: number): Float64Array {
    const { history, exclusively, maxAge, clock } = this.reading;
    return exclusively(() => {
      const now = Math.floor(clock?.at(monotonic()) ?? Date.now());
      return history.window(Math.max(from, now - maxAge), to).times;
    });
  }

  /** The history's clock minus the wall clock, in milliseconds. */
  get ahead(): number {
    return this.reading.clock?.ahead ?? 0;
  }

  /** Converts a time of the arena's clock to the history's clock; undefined if there is no snapshot yet. */
  timeAt(moment: number): number | undefined {
    const { clock, exclusively } = this.reading;
    return clock && exclusively(() => clock.at(moment));
  }

  /** Yields empty slices during a long search, so that the caller can let its event loop turn. */
  private *selected(matchers: readonly Matcher[]): Generator<readonly SampleSeries[], readonly SeriesLine[]> {
    const families = this.reading.families().map((family) => this.linesOf(family));
    const version = families.map((lines) => lines.version).join();
    const known = this.selections.get(matchers);
    if (known?.lines !== undefined && known.version === version) {
      touch(known);
      return known.lines;
    }
    const lines: SeriesLine[] = [];
    let pausedAt = performance.now();
    for (const family of families)
      for (const line of family.select(matchers)) {
        if (line !== undefined) lines.push(line);
        if (performance.now() - pausedAt < LONGEST_LOOK_MS) continue;
        yield [];
        pausedAt = performance.now();
      }
    if (known !== undefined) release(known);
    const selection = new Selection(version, lines);
    if (keep(selection, lines.length * BYTES_OF_LINE)) this.selections.set(matchers, selection);
    else this.selections.delete(matchers);
    return lines;
  }

  private linesOf(family: Family): FamilyLines {
    let lines = this.known.get(family);
    if (lines === undefined) {
      lines = new FamilyLines(family);
      this.known.set(family, lines);
    }
    return lines;
  }

  /** The times of the first and the last wanted snapshot; snapshots stored later are excluded. */
  private bounds(from: number, to: number, { latest }: SelectHints): { first: number; last: number } | undefined {
    const times = this.times(from, to);
    if (times.length === 0) return undefined;
    const last = times[times.length - 1];
    return { first: latest ? last : times[0], last };
  }
}

/** Reads the lines of one window. If lines come in order, it reads the common parts of a series only once. */
class LineReader {
  /** Indexes of the last snapshot of each millisecond; undefined if all times differ. */
  private readonly distinct: Uint32Array | undefined;
  private readonly times: Float64Array;
  /** The times of the previous series, reused if the next series was born equally early. */
  private since: Float64Array = new Float64Array(0);
  private readonly scratch: Float64Array;
  private sum: Float64Array;
  private first = 0;
  private column = -1;
  private begin = -1;
  private end = -1;

  constructor(private readonly window: HistoryWindow) {
    const { times } = window;
    this.distinct = distinctOf(times);
    this.times = this.distinct === undefined ? times : Float64Array.from(this.distinct, (index) => times[index]);
    this.scratch = new Float64Array(times.length);
    this.sum = new Float64Array(times.length);
  }

  cost({ line: { begin, end } }: SeriesLine): number {
    return (end - begin) * this.window.times.length;
  }

  /** undefined if the series is in no snapshot. */
  read(series: SeriesLine): SampleSeries | undefined {
    this.addUp(series);
    const { line, birth, column, labels } = series;
    const { presence } = line;
    const values = this.counting(this.sum, this.first);
    if (values.length === 0) return undefined;
    if (this.since.length !== values.length) this.since = this.times.subarray(this.times.length - values.length);
    const times = this.since;
    let there = values;
    if (presence !== undefined) {
      this.window.read(column + presence, birth, this.scratch);
      there = this.counting(this.scratch, this.first);
    }
    const stale = endsOf(there);
    return stale === undefined ? { labels, times, values } : { labels, times, values, stale };
  }

  /** Sums up the columns of a line; continues the previous sum if this line only adds columns to it (buckets). */
  private addUp({ column, birth, line: { begin, end } }: SeriesLine): void {
    const goesOn = this.column === column && this.begin === begin && this.end <= end;
    let next = goesOn ? this.end : begin;
    if (!goesOn) this.first = this.window.read(column + next++, birth, this.sum);
    for (; next < end; next++) {
      this.window.read(column + next, birth, this.scratch);
      for (let index = this.first; index < this.sum.length; index++) this.sum[index] += this.scratch[index];
    }
    this.column = column;
    this.begin = begin;
    this.end = end;
  }

  /** A copy of the values from an index on, without snapshots that a later one of the same millisecond replaces. */
  private counting(values: Float64Array, first: number): Float64Array {
    if (this.distinct === undefined) return values.slice(first);
    return Float64Array.from(
      this.distinct.filter((index) => index >= first),
      (index) => values[index],
    );
  }
}

/** The last index of each time; undefined if all times differ. */
function distinctOf(times: Float64Array): Uint32Array | undefined {
  const last: number[] = [];
  for (let index = 0; index < times.length; index++) if (times[index + 1] !== times[index]) last.push(index);
  return last.length === times.length ? undefined : Uint32Array.from(last);
}

/** Finds the end of a series: all columns of a removed series are NaN, which recording never produces. */
function endsOf(values: Float64Array): Uint8Array | undefined {
  let stale: Uint8Array | undefined;
  for (let index = 0; index < values.length; index++) {
    if (!Number.isNaN(values[index])) continue;
    stale ??= new Uint8Array(values.length);
    stale[index] = 1;
  }
  return stale;
}
