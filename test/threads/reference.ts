import type { CollectorStats, MetricsCollector } from 'ringmeter';
import program from '../fixtures/program.cjs';

/** What a naive, single-threaded library would have after the same operations: samples by name and labels. */
export class Reference {
  readonly samples = new Map<string, number>();
  invalid = 0;
  valid = 0;

  apply({ kind, name, labels, value }: program.Operation): void {
    if (kind === 'bad') {
      this.invalid++;
      return;
    }
    this.valid++;
    const key = JSON.stringify(
      Object.entries(labels)
        .map(([label, text]) => [label, String(text)])
        .sort(),
    );
    const amount = value as number;
    if (kind === 'set') this.samples.set(`${name} ${key}`, amount);
    else if (kind === 'counter' || kind === 'add') this.add(`${name} ${key}`, amount);
    else this.observe(kind, name, key, amount);
  }

  private observe(kind: string, name: string, key: string, value: number): void {
    this.add(`${name}_sum ${key}`, value);
    this.add(`${name}_count ${key}`, 1);
    if (kind !== 'histogram') return;
    for (const bound of [...program.BOUNDS, Number.POSITIVE_INFINITY])
      this.add(`${name}_bucket ${key} ${bound === Number.POSITIVE_INFINITY ? '+Inf' : bound}`, value <= bound ? 1 : 0);
  }

  private add(key: string, amount: number): void {
    this.samples.set(key, (this.samples.get(key) ?? 0) + amount);
  }
}

/** The same view of a collector. */
export async function samplesOf(collector: MetricsCollector): Promise<Map<string, number>> {
  const samples = new Map<string, number>();
  for (const { name, type, labels, value, sum, buckets } of await collector.getAllMetrics()) {
    const key = JSON.stringify(Object.entries(labels).sort());
    if (type === 'counter' || type === 'gauge') samples.set(`${name} ${key}`, value);
    else {
      samples.set(`${name}_count ${key}`, value);
      samples.set(`${name}_sum ${key}`, sum!);
      for (const { le, count } of buckets ?? []) samples.set(`${name}_bucket ${key} ${le}`, count);
    }
  }
  return samples;
}

/** Where two views differ. A series that only ever was zero may be missing. */
export function differences(found: Map<string, number>, expected: Map<string, number>): string[] {
  return [...new Set([...found.keys(), ...expected.keys()])]
    .filter((key) => (found.get(key) ?? 0) !== (expected.get(key) ?? 0))
    .map((key) => `${key}: found ${found.get(key)}, expected ${expected.get(key)}`);
}

/** The law that holds whatever happens. */
export function isConserved({ recorded, folded, pending, dropped, invalid }: CollectorStats): boolean {
  return recorded === folded + pending + dropped + invalid;
}
