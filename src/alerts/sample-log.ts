import { exclusively } from '../atomics/exclusively';
import { recover, tryLock, unlock } from '../atomics/mutex';
import { sharedMemory } from '../atomics/shared-memory';
import { keyOf } from '../query/labels';
import { matchesAll } from '../query/matchers';
import type { LabelSet, Matcher, SampleSeries, SampleSource } from '../query/types';
import { SnapshotRing } from '../snapshot/snapshot-ring';
import { packText } from './packed-text';
import { DEFINITION, type RuleSeries, SampleIndex, type SeriesDefinition } from './sample-index';

/*
 * The bytes of a sample log, in one SharedArrayBuffer. Words of 8 bytes:
 *
 *     0  lock | wanted      mutex: guards appending, and reading the ring
 *     1  next number        float64: the next series number
 *     8  SnapshotRing       its entries are of two kinds:
 *                             tag >= 0   the samples that the rule of this number wrote at the entry's time:
 *                                           pairs of series number and value; -1 - number: the series has ended
 *                             tag = -1   a series' number, then its rule and labels as packed text
 *
 * A definition is repeated before half of the ring has been overwritten, so that the ring always contains the
 * definition of a live series.
 */
const LOCK = 0;
const NEXT_NUMBER = 1;
const RING = 8;
const WORD_BYTES = 8;
const MAX_WAIT_MS = 1_000;
/** After this share of the ring has been overwritten, the index drops the overwritten samples. */
const SHARE_OF_SWEEPS = 1 / 8;
/** Entries that are indexed between two checks of the index's size. */
const ENTRIES_AT_ONCE = 1_000;
/** The index shrinks to this share of its bound by dropping the oldest samples. */
const SHARE_KEPT = 3 / 4;

/** One result of a rule: a series and its value at the time of the evaluation. */
export interface RuleSample {
  readonly labels: LabelSet;
  readonly value: number;
}

/**
 * The series of recording rules and alerts, shared by all threads in a bounded ring: the oldest samples are
 * overwritten. Each thread has its own index on its heap, bounded by the bytes of the log: of very many short series it
 * contains only the youngest.
 */
export class SampleLog implements SampleSource {
  private readonly i32: Int32Array;
  private readonly words: Float64Array;
  private readonly ring: SnapshotRing;
  private readonly capacity: number;
  private readonly index = new SampleIndex();
  /** The ring position up to which the index is complete. */
  private position = 0;
  private sweptAt = 0;

  /** @param mark the calling thread's */
  constructor(
    buffer: SharedArrayBuffer,
    private readonly mark: number,
  ) {
    this.i32 = new Int32Array(buffer);
    this.words = new Float64Array(buffer);
    this.ring = new SnapshotRing(this.words.subarray(RING));
    this.capacity = this.words.length - RING;
  }

  static allocate(bytes: number): SharedArrayBuffer {
    return sharedMemory(RING * WORD_BYTES + Math.ceil(bytes / WORD_BYTES) * WORD_BYTES, 'maxMemory');
  }

  /**
   * Writes the samples of a rule, and staleness markers for the series that only its previous evaluation returned.
   *
   * @throws Error if it does not fit, or the log was in use for a second
   */
  write(rule: number, time: number, samples: readonly RuleSample[]): Promise<void> {
    return this.change(() => {
      this.follow();
      const numbers = samples.map(({ labels }) => this.numberOf(rule, labels));
      const given = new Set(numbers);
      const ended = this.index.liveOf(rule).filter(({ number }) => !given.has(number));
      const values = new Float64Array(2 * (samples.length + ended.length));
      for (const [at, { value }] of samples.entries()) values.set([numbers[at], value], 2 * at);
      for (const [at, { number }] of ended.entries()) values.set([-1 - number, Number.NaN], 2 * (samples.length + at));
      if (values.length > 0) this.append(time, rule, values);
      this.follow();
      this.sweep();
    });
  }

  /** Samples that another thread is writing concurrently may be missing. */
  select(matchers: readonly Matcher[], from: number, to: number): readonly SampleSeries[] {
    if (tryLock(this.i32, LOCK, this.mark)) {
      try {
        this.follow();
        this.sweep();
      } finally {
        unlock(this.i32, LOCK);
      }
    }
    const name = matchers.find(({ name, operator }) => name === '__name__' && operator === '=')?.value;
    const candidates = name === undefined ? this.index.all() : this.index.named(name);
    return merged(matching(candidates, matchers), from, to);
  }

  /** Releases the lock if a thread that has ended held it. */
  cleanUpAfter(mark: number): void {
    recover(this.i32, LOCK, mark);
  }

  private change<T>(action: () => T): Promise<T> {
    const inUse = () => new Error(`another thread has held the lock of the sample log for more than ${MAX_WAIT_MS} ms`);
    return exclusively(this.i32, LOCK, this.mark, MAX_WAIT_MS, action, inUse);
  }

  /** The number of a series, whose definition is repeated first if it would soon be overwritten. */
  private numberOf(rule: number, labels: LabelSet): number {
    const known = this.index.find(SampleIndex.key(rule, labels));
    if (known !== undefined && known.definedAt >= this.ring.end - this.capacity / 2) return known.number;
    const number = known?.number ?? this.words[NEXT_NUMBER];
    // raise the counter first: if the thread dies here, a number is skipped, which is harmless
    if (known === undefined) this.words[NEXT_NUMBER] = number + 1;
    const text = packText(JSON.stringify({ rule, labels } satisfies SeriesDefinition));
    const values = new Float64Array(1 + text.length);
    values[0] = number;
    values.set(text, 1);
    this.append(0, DEFINITION, values);
    this.follow();
    return number;
  }

  private append(time: number, tag: number, values: Float64Array): void {
    if (this.ring.append(time, tag, values) === undefined)
      throw new Error(`${values.byteLength} bytes of samples do not fit into the sample log`);
  }

  /** Indexes the entries appended since the last call. The caller holds the lock. */
  private follow(): void {
    const { ring, index } = this;
    if (this.position === ring.end) return;
    // the ring has been overwritten completely since
    if (this.position < ring.oldest) index.clear();
    let added = 0;
    for (const entry of ring.entries(Math.max(this.position, ring.oldest))) {
      index.add(entry);
      if (++added % ENTRIES_AT_ONCE === 0) this.shrink(entry.position);
    }
    this.position = ring.end;
    this.shrink(this.position);
  }

  /**
   * Forgets the oldest samples if the index has become too large.
   *
   * @param end the ring position up to which the index is complete
   */
  private shrink(end: number): void {
    const { ring, index, capacity } = this;
    const most = capacity * WORD_BYTES;
    if (index.bytes <= most) return;
    let [oldest, before] = [ring.oldest, -1];
    // drops half of the remaining time range each time, until the index is small enough
    while (index.bytes > most * SHARE_KEPT && oldest !== before) {
      before = oldest;
      const middle = oldest + (end - oldest) / 2;
      for (const { position, timestamp, tag } of ring.entries(oldest)) {
        if (position > end) break;
        oldest = position;
        if (tag === DEFINITION || position < middle) continue;
        index.dropEndedBefore(timestamp);
        break;
      }
    }
  }

  /** Drops overwritten samples from the index. Must not run between a series' definition and its first sample. */
  private sweep(): void {
    if (this.position - this.sweptAt < this.capacity * SHARE_OF_SWEEPS) return;
    this.sweptAt = this.position;
    for (const { tag, timestamp } of this.ring.entries()) {
      if (tag === DEFINITION) continue;
      this.index.dropBefore(timestamp);
      return;
    }
  }
}

function* matching(candidates: Iterable<RuleSeries>, matchers: readonly Matcher[]): Generator<RuleSeries> {
  for (const series of candidates) if (matchesAll(series.labels, matchers)) yield series;
}

/** The samples in a range, merged for series with the same labels: of samples at one time, the first series' wins. */
function merged(candidates: Iterable<RuleSeries>, from: number, to: number): SampleSeries[] {
  const byLabels = new Map<string, SampleSeries>();
  for (const { labels, samples } of candidates) {
    const window = { labels, ...samples.window(from, to) };
    if (window.times.length === 0) continue;
    const key = keyOf(labels);
    const twin = byLabels.get(key);
    byLabels.set(key, twin === undefined ? window : union(twin, window));
  }
  return [...byLabels.values()];
}

function union(a: SampleSeries, b: SampleSeries): SampleSeries {
  const all = new SampleSet();
  for (const { times, values, stale } of [a, b])
    for (let at = 0; at < times.length; at++) all.add(times[at], values[at], stale?.[at] === 1);
  return { labels: a.labels, ...all.columns() };
}

class SampleSet {
  private readonly byTime = new Map<number, { value: number; ended: boolean }>();

  add(time: number, value: number, ended: boolean): void {
    const other = this.byTime.get(time);
    if (other === undefined || (other.ended && !ended)) this.byTime.set(time, { value, ended });
  }

  columns(): Omit<SampleSeries, 'labels'> {
    const samples = [...this.byTime].sort(([a], [b]) => a - b);
    return {
      times: Float64Array.from(samples, ([time]) => time),
      values: Float64Array.from(samples, ([, { value }]) => value),
      stale: Uint8Array.from(samples, ([, { ended }]) => (ended ? 1 : 0)),
    };
  }
}
