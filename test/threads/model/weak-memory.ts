/**
 * Shared memory as a weakly ordered machine shows it to several actors, for the explorer in ../interleave.ts.
 *
 * Unit: a word of 8 bytes. Each write that becomes visible to all makes a new version of its word, at the next time.
 *
 * Stores. A plain store waits in its actor's buffer; the actor sees it at once, the others when it leaves. It may leave
 * before older stores to other words. An `Atomics.store` waits too, but leaves after all that
 * were before it (release); younger plain stores may still leave before it. A read-modify-write empties the buffer first.
 *
 * Loads. A load may be performed earlier or later than it is written, up to the actor's last atomic access: it may show any
 * version since then (`floor`), but never one that is older than what the actor has seen of that word. So an `Atomics.load`
 * can be overtaken by the plain loads before it. What it shows raises the floor to the time of that version (acquire). A
 * read-modify-write shows the newest version, and raises the floor to now.
 *
 * That is at least as weak as arm64, but for stores that wait for earlier loads, and close to the memory model of the
 * language.
 */
export interface Version {
  readonly time: number;
  readonly low: number;
  readonly high: number;
}

/** Which half of a word, or both, an access is to; a byte is written as a change of its half. */
export type Part = 'low' | 'high' | 'both';

export interface Store {
  readonly word: number;
  readonly part: Part;
  readonly low: number;
  readonly high: number;
  readonly release: boolean;
}

/** What one actor has before it of the memory. */
export class View {
  floor = 0;
  buffer: readonly Store[] = [];
  /** By word: time of the newest version that this actor has seen. */
  seen = new Map<number, number>();

  /** Whether a store of the actor to a word is not visible yet. */
  isWaiting(word: number): boolean {
    return this.buffer.some((store) => store.word === word);
  }

  clone(): View {
    const copy = new View();
    copy.floor = this.floor;
    copy.buffer = this.buffer;
    copy.seen = new Map(this.seen);
    return copy;
  }
}

const merge = (under: Version, { part, low, high }: Omit<Store, 'release'>, time: number): Version => ({
  time,
  low: part === 'high' ? under.low : low,
  high: part === 'low' ? under.high : high,
});

export class WeakMemory {
  private words = new Map<number, readonly Version[]>();
  /** Words that one actor alone touches: what they are follows from what it has read, so they are no part of a state. */
  private alone = new Map<number, Version>();
  private time = 0;

  /** @param initial what stands in the memory before any actor begins; never written */
  constructor(private readonly initial: Int32Array) {}

  clone(): WeakMemory {
    const copy = new WeakMemory(this.initial);
    copy.words = new Map(this.words);
    copy.alone = new Map(this.alone);
    copy.time = this.time;
    return copy;
  }

  private versions(word: number): readonly Version[] {
    return this.words.get(word) ?? [{ time: 0, low: this.initial[word * 2], high: this.initial[word * 2 + 1] }];
  }

  newest(word: number): Version {
    return this.alone.get(word) ?? this.versions(word).at(-1)!;
  }

  /** The versions that a load of the actor may show; the newest last. */
  visible(view: View, word: number): readonly Version[] {
    const versions = this.versions(word);
    const from = Math.max(view.floor, view.seen.get(word) ?? 0);
    const first = versions.findLastIndex(({ time }) => time <= from);
    return versions.slice(Math.max(first, 0));
  }

  /** Shows a version to the actor, with its own stores that still wait. */
  show(view: View, word: number, version: Version, atomic: boolean): Version {
    view.seen.set(word, Math.max(version.time, view.seen.get(word) ?? 0));
    if (atomic) view.floor = Math.max(view.floor, version.time);
    return view.buffer.filter((store) => store.word === word).reduce((under, store) => merge(under, store, 0), version);
  }

  /** Makes the actor's first waiting store to a word visible to all; a release takes all that wait before it along. */
  leave(view: View, word: number): void {
    const place = view.buffer.findIndex((store) => store.word === word);
    this.empty(view, view.buffer[place].release ? 0 : place, place + 1);
  }

  /** Empties the buffer up to its last release store: an atomic load comes after that for everybody. */
  settleReleases(view: View): void {
    this.empty(view, 0, view.buffer.findLastIndex(({ release }) => release) + 1);
  }

  settle(view: View): void {
    this.empty(view, 0, view.buffer.length);
  }

  private empty(view: View, from: number, to: number): void {
    const stores = view.buffer.slice(from, to);
    if (stores.length === 0) return;
    view.buffer = view.buffer.toSpliced(from, to - from);
    for (const store of stores) this.write(view, store);
  }

  /** Writes what everybody sees at once. */
  write(view: View, store: Store): void {
    this.time++;
    const versions = this.versions(store.word);
    const next = merge(versions.at(-1)!, store, this.time);
    this.words.set(store.word, [...versions, next]);
    view.seen.set(store.word, this.time);
  }

  /** Writes a word that concerns one actor alone. */
  writeAlone(store: Omit<Store, 'release'>): void {
    const { word } = store;
    this.alone.set(word, merge(this.newest(word), store, 0));
  }

  /** After a read-modify-write: nothing older is shown to the actor any more. */
  synchronize(view: View): void {
    view.floor = this.time;
    view.seen.clear();
  }

  /**
   * Forgets versions that nobody can be shown any more, and numbers the times anew, so that states which differ in nothing
   * else are the same. A floor only ever rises to the time of a version that was read atomically. So of versions of other
   * words it only matters between which two of those times they came, not in which order among each other.
   *
   * @param all the actors' views: the stores of each may still become visible
   * @param isReading whether an actor may still load something
   * @param atomic the words that are accessed atomically
   * @returns text that is the same for equal memories
   */
  normalize(all: readonly View[], isReading: (actor: number) => boolean, atomic: ReadonlySet<number>): string {
    const views = all.filter((_, actor) => isReading(actor));
    for (const [word, versions] of this.words) {
      if (versions.length === 1) continue;
      const least = Math.min(...views.map((view) => Math.max(view.floor, view.seen.get(word) ?? 0)));
      const first = versions.findLastIndex(({ time }) => time <= least);
      if (first > 0) this.words.set(word, versions.slice(first));
    }
    const times = [0, ...views.map(({ floor }) => floor)];
    for (const [word, versions] of this.words) if (atomic.has(word)) times.push(...versions.map(({ time }) => time));
    const marks = [...new Set(times)].sort((a, b) => a - b);
    const rank = (time: number): number => {
      const at = marks.findLastIndex((mark) => mark <= time);
      return marks[at] === time ? at : at + 0.5;
    };
    const words = [...this.words].sort(([a], [b]) => a - b);
    const memory = words.map(([word, versions]) => [word, ...versions.map((v) => [rank(v.time), v.low, v.high])]);
    const seen = views.map((view) => [
      rank(view.floor),
      ...[...view.seen]
        .filter(([word, time]) => time > view.floor && this.versions(word).length > 1)
        .sort(([a], [b]) => a - b)
        .map(([word, time]) => [word, this.versions(word).findIndex((version) => version.time >= time)]),
    ]);
    return JSON.stringify([memory, seen, all.map(({ buffer }) => buffer)]);
  }
}
