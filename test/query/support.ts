import type { Test } from 'tap';
import { createQueryEngine } from '../../dist/src/query/engine.js';
import type { LabelSet, QueryLimits, SampleSeries } from '../../dist/src/query/types.js';
import { seriesOf, sourceOf } from './samples';

export { seriesOf, sourceOf };

/** A series of values at every 10 seconds from 0 on; undefined where there is none, null where it ends. */
export function every10(labels: LabelSet, ...values: (number | undefined | null)[]): SampleSeries {
  const samples = values.flatMap((value, index): [number, number?][] =>
    value === undefined ? [] : [[index * 10, value ?? undefined]],
  );
  return seriesOf(labels, ...samples);
}

/** Labels as PromQL writes them. */
export function text({ __name__: name = '', ...labels }: LabelSet): string {
  const pairs = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}="${value}"`);
  return `${name}${pairs.length === 0 && name !== '' ? '' : `{${pairs.join(',')}}`}`;
}

/** Answers instant queries over some series. */
export function asking(series: readonly SampleSeries[], limits?: Partial<QueryLimits>) {
  const engine = createQueryEngine(sourceOf(series), limits);
  return {
    engine,
    /** The values by labels of a vector, or the value of a scalar. */
    async at(seconds: number, expression: string): Promise<Record<string, number> | number | string> {
      const result = await engine.instant(expression, seconds * 1_000);
      if (result.type === 'scalar' || result.type === 'string') return result.value;
      if (result.type === 'matrix') throw new Error('a matrix');
      return Object.fromEntries(result.samples.map(({ labels, value }) => [text(labels), value]));
    },
    /** The values at every 10 seconds from 0 on, by labels. */
    async range(expression: string, end: number): Promise<Record<string, Record<number, number>>> {
      const { series } = await engine.range(expression, 0, end * 1_000, 10_000);
      return Object.fromEntries(
        series.map(({ labels, times, values }) => [
          text(labels),
          Object.fromEntries(times.map((time, index) => [time / 1_000, values[index]])),
        ]),
      );
    },
  };
}

/** Compares values to the 12th digit. */
export function nearly(t: Test, told: unknown, expected: Record<string, number> | number, message = 'values'): void {
  const round = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(12)) : value);
  const rounded = (values: unknown): unknown =>
    typeof values === 'number'
      ? round(values)
      : Object.fromEntries(Object.entries(values as Record<string, number>).map(([key, value]) => [key, round(value)]));
  t.same(rounded(told), rounded(expected), message);
}
