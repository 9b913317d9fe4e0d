import type { CollectorStats } from 'ringmeter';
import program from '../fixtures/program.cjs';

/** Samples of a collector, or of what stands in for one, by name and labels. */
export type Samples = Map<string, number>;

/** The key of a sample: its name, its labels, and the bound of its bucket if it is one. */
export function keyOf(name: string, labels: Readonly<Record<string, unknown>>, le?: number | string): string {
  const texts = Object.entries(labels).map(([label, text]) => [label, String(text)]);
  return `${name} ${JSON.stringify(texts.sort())}${le === undefined ? '' : ` ${le === Infinity ? '+Inf' : le}`}`;
}

export const GAUGE_THAT_ALL_SET = keyOf('g_last', {});

/** What one thread has done to the gauge that all threads set. */
interface LastSet {
  /** What it set last; undefined if it never did. */
  value: number | undefined;
  /** What it has added since. */
  added: number;
}

/** What a naive, single-threaded library would have after the same operations. */
export class Reference {
  readonly samples: Samples = new Map();
  invalid = 0;
  valid = 0;
  /** Of the gauge that all threads set. Which of them came last depends on what happened. */
  readonly last = new Map<number, LastSet>();

  clone(): Reference {
    const copy = new Reference();
    for (const [key, value] of this.samples) copy.samples.set(key, value);
    for (const [thread, last] of this.last) copy.last.set(thread, { ...last });
    copy.invalid = this.invalid;
    copy.valid = this.valid;
    return copy;
  }

  apply({ kind, name, labels, value }: program.Operation, thread: number): void {
    if (kind === 'read') return;
    if (kind === 'bad') {
      this.invalid++;
      return;
    }
    this.valid++;
    const amount = value as number;
    if (kind === 'setLast') this.last.set(thread, { value: amount, added: 0 });
    else if (kind === 'addLast') this.lastOf(thread).added += amount;
    else if (kind === 'set') this.samples.set(keyOf(name, labels), amount);
    else if (kind === 'counter' || kind === 'add') this.add(keyOf(name, labels), amount);
    else this.observe(kind, name, labels, amount);
  }

  private observe(kind: string, name: string, labels: program.Operation['labels'], value: number): void {
    this.add(keyOf(`${name}_sum`, labels), value);
    this.add(keyOf(`${name}_count`, labels), 1);
    if (kind !== 'histogram') return;
    for (const bound of [...program.BOUNDS, Number.POSITIVE_INFINITY])
      this.add(keyOf(`${name}_bucket`, labels, bound), value <= bound ? 1 : 0);
  }

  private add(key: string, amount: number): void {
    this.samples.set(key, (this.samples.get(key) ?? 0) + amount);
  }

  private lastOf(thread: number): LastSet {
    const last = this.last.get(thread) ?? { value: undefined, added: 0 };
    this.last.set(thread, last);
    return last;
  }

  /**
   * Whether the gauge that all threads set may show this: the last `set` of one of the threads, what that thread added
   * since, and of every other thread some or all of what it added after a last `set` of its own.
   */
  allowsLast(shown: number): boolean {
    const threads = [...this.last.values()];
    const added = threads.reduce((sum, last) => sum + last.added, 0);
    const winners = threads.filter(({ value }) => value !== undefined);
    if (winners.length === 0) return shown === added;
    return winners.some((last) => shown >= last.value! + last.added && shown <= last.value! + added);
  }
}

/** Where two views differ. A series that only ever was zero may be missing. */
export function differences(found: Samples, expected: Samples): string[] {
  return [...new Set([...found.keys(), ...expected.keys()])]
    .filter((key) => key !== GAUGE_THAT_ALL_SET && (found.get(key) ?? 0) !== (expected.get(key) ?? 0))
    .map((key) => `${key}: found ${found.get(key)}, expected ${expected.get(key)}`);
}

/** How many events a sum of amounts is made of. */
const eventsIn = (sum: number): number => ((sum % program.COUNTED) + program.COUNTED) % program.COUNTED;

/** Where a view shows more than there was: what drops events may show less, of each kind. */
export function excess(found: Samples, expected: Samples): string[] {
  return [...found]
    .map(
      ([key, value]) =>
        (key.startsWith('g_')
          ? [key, eventsIn(value), eventsIn(expected.get(key) ?? 0)]
          : [key, value, expected.get(key) ?? 0]) as [string, number, number],
    )
    .filter(([key, value, most]) => key !== GAUGE_THAT_ALL_SET && value > most)
    .map(([key, value, most]) => `${key}: found ${value}, of ${most}`);
}

/** How many events a view shows, exactly; if no gauge was set. */
export function eventsShown(found: Samples): number {
  let events = found.get(GAUGE_THAT_ALL_SET) ?? 0;
  for (const [key, value] of found) {
    if (key.startsWith('c_total ') || key.startsWith('g_shared ')) events += eventsIn(value);
    if (key.startsWith('h_count ') || key.startsWith('s_count ')) events += value;
  }
  return events;
}

/** The law that holds whatever happens. */
export function isConserved({ recorded, folded, pending, dropped, invalid }: CollectorStats): boolean {
  return recorded === folded + pending + dropped + invalid;
}
