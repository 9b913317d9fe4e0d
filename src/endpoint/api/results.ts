import build from 'fast-json-stringify';
import type { QueryResult } from '../../query/types';
import { arrayOf } from './envelope';
import { sampleText } from './number-text';

const point = { type: 'array', items: [{ type: 'number' }, { type: 'string' }] } as const;
const metric = { type: 'object', additionalProperties: { type: 'string' } } as const;

const pointText = build(point);
const sample = build({ type: 'object', properties: { metric, value: point } } as const);
const series = build({ type: 'object', properties: { metric, values: { type: 'array', items: point } } } as const);

const pointOf = (time: number, text: string): [number, string] => [time / 1000, text];

/** What a query has given, as the data of an answer. */
export function* resultPieces(result: QueryResult): Generator<string> {
  yield `{"resultType":"${result.type}","result":`;
  yield* valuePieces(result);
  yield '}';
}

function valuePieces(result: QueryResult): Iterable<string> {
  switch (result.type) {
    case 'scalar':
      return [pointText(pointOf(result.time, sampleText(result.value)))];
    case 'string':
      return [pointText(pointOf(result.time, result.value))];
    case 'vector':
      return arrayOf(result.samples, ({ labels, time, value }) =>
        sample({ metric: labels, value: pointOf(time, sampleText(value)) }),
      );
    case 'matrix':
      return arrayOf(result.series, ({ labels, times, values }) =>
        series({ metric: labels, values: times.map((time, index) => pointOf(time, sampleText(values[index]))) }),
      );
  }
}

/** No more than so many series of a result; 0 = all. */
export function limited(result: QueryResult, limit: number): { result: QueryResult; truncated: boolean } {
  if (limit === 0) return { result, truncated: false };
  if (result.type === 'vector' && result.samples.length > limit)
    return { result: { ...result, samples: result.samples.slice(0, limit) }, truncated: true };
  if (result.type === 'matrix' && result.series.length > limit)
    return { result: { ...result, series: result.series.slice(0, limit) }, truncated: true };
  return { result, truncated: false };
}
