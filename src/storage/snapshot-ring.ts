/**
 * Snapshots in a ring of shared memory, so that they outlive the worker that stored them and every worker can read them.
 *
 *     word 0  oldest            position of the oldest entry (float64, monotonic)
 *          1  end               position behind the newest entry (float64, monotonic)
 *          2  entries           how many
 *          8  ring of words
 *
 * An entry: its length in words, its timestamp, how many directory places it covers, then the columns. An entry never
 * wraps: where the rest of the ring is too short, a length of minus the rest skips it.
 *
 * Not safe for two threads at once: the caller holds the arena's flush lease. A thread that is terminated inside has
 * either not moved `end` yet, or finished: the header's words are stored last, the one that counts by itself.
 */
const OLDEST = 0;
const END = 1;
const RING = 8;
const ENTRY = { LENGTH: 0, TIMESTAMP: 1, PLACES: 2, VALUES: 3 } as const;

export interface RingEntry {
  /** Where it stands among all that was ever appended; grows. */
  position: number;
  timestamp: number;
  places: number;
  /** A view of the ring: good while the caller holds the lease. */
  values: Float64Array;
}

export class SnapshotRing {
  private readonly capacity: number;

  /** @param words shared memory that begins as zeros */
  constructor(private readonly words: Float64Array) {
    this.capacity = words.length - RING;
  }

  /** @returns its position; undefined if the snapshot is larger than the whole ring */
  append(timestamp: number, places: number, values: Float64Array): number | undefined {
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
    words[entry + ENTRY.PLACES] = places;
    words.set(values, entry + ENTRY.VALUES);
    words[END] = end + length;
    return end;
  }

  /** Position behind the newest entry. */
  get end(): number {
    return this.words[END];
  }

  /** Position of the oldest entry, or of a skip before it; `end` if there is none. */
  get oldest(): number {
    return this.words[OLDEST];
  }

  /** Lets an empty ring begin at its beginning again: memory that was never touched stays untouched. */
  rewind(): void {
    const { words, capacity } = this;
    const used = words[END] % capacity;
    if (words[OLDEST] === words[END] && used > 0) this.pad(capacity - used);
  }

  /** Skips the rest of the ring, with an entry that is nothing. */
  private pad(length: number): void {
    const { words, capacity } = this;
    this.makeRoom(length);
    words[RING + (words[END] % capacity)] = -length;
    words[END] += length;
  }

  private makeRoom(length: number): void {
    const { words, capacity } = this;
    while (words[END] + length - words[OLDEST] > capacity) this.dropOldest();
  }

  /** Forgets entries from before `time`, and the oldest beyond `most`. */
  expire(time: number, most: number): void {
    let count = 0;
    for (const _ of this.entries()) count++;
    for (const { timestamp } of this.entries()) {
      if (timestamp >= time && count <= most) return;
      this.dropOldest();
      count--;
    }
  }

  /** Forgets the oldest entry, if there is one. */
  dropOldest(): void {
    const { words, capacity } = this;
    while (words[OLDEST] < words[END]) {
      const length = words[RING + (words[OLDEST] % capacity)];
      words[OLDEST] += Math.abs(length);
      if (length > 0) return;
    }
  }

  /** From the oldest to the newest. */
  *entries(): Generator<RingEntry> {
    const { words, capacity } = this;
    for (let position = words[OLDEST]; position < words[END]; ) {
      const entry = RING + (position % capacity);
      const length = words[entry + ENTRY.LENGTH];
      const start = position;
      position += Math.abs(length);
      if (length < 0) continue;
      yield {
        position: start,
        timestamp: words[entry + ENTRY.TIMESTAMP],
        places: words[entry + ENTRY.PLACES],
        values: words.subarray(entry + ENTRY.VALUES, entry + length),
      };
    }
  }
}
