/**
 * Snapshots in a ring of shared memory, so that they outlive the worker that stored them and every worker can read them.
 *
 *     word 0  oldest            position of the oldest entry (float64, monotonic)
 *          1  end               position behind the newest entry (float64, monotonic)
 *          2  entries           their number
 *          8  ring of words
 *
 * An entry: its length in words, its timestamp, the time of its insertion (by a clock of the caller's choice), a number
 * that the caller chooses (the tag), then the values. An entry never wraps: if the rest of the ring is too short for
 * it, a skip entry fills the rest; its length is minus the number of words skipped.
 *
 * Not safe for two threads at once: the caller holds the arena's flush lease. If a thread is terminated during a
 * change, either nothing has changed or the change is complete: the header is stored last, and one word of it decides.
 */
const OLDEST = 0;
const END = 1;
const RING = 8;
const ENTRY = { LENGTH: 0, TIMESTAMP: 1, PUT_AT: 2, TAG: 3, VALUES: 4 } as const;
/** Words of an entry beside its columns. */
export const ENTRY_WORDS = ENTRY.VALUES;

export interface RingEntry {
  /** Position among all words ever appended; monotonic. */
  position: number;
  timestamp: number;
  /** The time from which its age is counted. */
  putAt: number;
  /** A number that the caller chooses: for a snapshot, the number of births that it covers. */
  tag: number;
  /** A view of the ring, valid while the caller holds the lease. */
  values: Float64Array;
}

export class SnapshotRing {
  private readonly capacity: number;

  /** @param words shared memory, initially zeros */
  constructor(private readonly words: Float64Array) {
    this.capacity = words.length - RING;
  }

  /**
   * @param putAt the time from which its age is counted
   * @returns its position; undefined if the snapshot is larger than the whole ring
   */
  append(timestamp: number, tag: number, values: Float64Array, putAt = timestamp): number | undefined {
    const length = ENTRY.VALUES + values.length;
    if (length > this.capacity) return undefined;
    const { words, capacity } = this;
    const rest = capacity - (words[END] % capacity);
    if (rest < length) this.pad(rest);
    this.makeRoom(length);
    const end = words[END];
    const entry = RING + (end % capacity);
    words[entry + ENTRY.LENGTH] = length;
    words[entry + ENTRY.TIMESTAMP] = timestamp;
    words[entry + ENTRY.PUT_AT] = putAt;
    words[entry + ENTRY.TAG] = tag;
    words.set(values, entry + ENTRY.VALUES);
    words[END] = end + length;
    return end;
  }

  /** Position behind the newest entry. */
  get end(): number {
    return this.words[END];
  }

  /** Position of the oldest entry; `end` if there is none. */
  get oldest(): number {
    return this.words[OLDEST];
  }

  /**
   * Continues at the start of the ring, if the ring is empty or has room for `room` words before its entries. So memory
   * that was never touched stays untouched, and not resident.
   */
  rewind(room = Number.POSITIVE_INFINITY): void {
    const { words, capacity } = this;
    const kept = words[END] - words[OLDEST];
    const before = words[OLDEST] % capacity;
    const behind = before + kept;
    if (behind > 0 && behind < capacity && (kept === 0 || before >= room)) this.pad(capacity - behind);
  }

  /** Whether a snapshot of so many columns fits into the ring at all, if it were empty. */
  fits(columns: number): boolean {
    return ENTRY.VALUES + columns <= this.capacity;
  }

  /** How many more snapshots of so many columns fit before the oldest one must be dropped. */
  roomFor(columns: number): number {
    const { words, capacity } = this;
    const length = ENTRY.VALUES + columns;
    const free = capacity - (words[END] - words[OLDEST]);
    const rest = capacity - (words[END] % capacity);
    if (free <= rest) return Math.floor(free / length);
    return Math.floor(rest / length) + Math.floor((free - rest) / length);
  }

  /** Fills the rest of the ring with a skip entry. */
  private pad(length: number): void {
    const { words, capacity } = this;
    this.makeRoom(length);
    words[RING + (words[END] % capacity)] = -length;
    words[END] += length;
    this.passSkips();
  }

  private makeRoom(length: number): void {
    const { words, capacity } = this;
    while (words[END] + length - words[OLDEST] > capacity) this.dropOldest();
  }

  /** Drops entries inserted before `time`, and the oldest of those beyond `most`. */
  expire(time: number, most: number): void {
    let count = 0;
    for (const _ of this.entries()) count++;
    for (const { putAt } of this.entries()) {
      if (putAt >= time && count <= most) return;
      this.dropOldest();
      count--;
    }
  }

  /** Drops the oldest entry, if there is one. */
  dropOldest(): void {
    const { words, capacity } = this;
    this.passSkips();
    if (words[OLDEST] === words[END]) return;
    words[OLDEST] += words[RING + (words[OLDEST] % capacity)];
    this.passSkips();
  }

  /** Drops skip entries before the oldest entry, which only take room. */
  private passSkips(): void {
    const { words, capacity } = this;
    while (words[OLDEST] < words[END] && words[RING + (words[OLDEST] % capacity)] < 0)
      words[OLDEST] -= words[RING + (words[OLDEST] % capacity)];
  }

  /** The entries from the oldest to the newest, or from the entry at a given position on. */
  *entries(from = this.words[OLDEST]): Generator<RingEntry> {
    const { words, capacity } = this;
    for (let position = from; position < words[END]; ) {
      const entry = RING + (position % capacity);
      const length = words[entry + ENTRY.LENGTH];
      const start = position;
      position += Math.abs(length);
      if (length < 0) continue;
      yield {
        position: start,
        timestamp: words[entry + ENTRY.TIMESTAMP],
        putAt: words[entry + ENTRY.PUT_AT],
        tag: words[entry + ENTRY.TAG],
        values: words.subarray(entry + ENTRY.VALUES, entry + length),
      };
    }
  }
}
