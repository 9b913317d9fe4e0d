import { formatSample } from '../../common/format-float';
import { stringifier } from '../../common/stringifier';
import type { QueryResult, RangeResult } from '../../query/types';
import { arrayOf } from './envelope';

/** Points per piece of JSON: a range can have millions. */
const POINTS = 1_000;

const point = { type: 'array', items: [{ type: 'number' }, { type: 'string' }] } as const;
const metric = { type: 'object', additionalProperties: { type: 'string' } } as const;

const pointText = stringifier(point);
const sample = stringifier({ type: 'object', properties: { metric, value: point } } as const);
const labelText = stringifier(metric);

const pointOf = (time: number, text: string): [number, string] => [time / 1000, text];
/** Not JSON.stringify: there are many points, none needs escapes, and this is several times as fast. */
const numberPoint = (time: number, value: number): string => `[${time / 1000},"${formatSample(value)}"]`;

/** The result of a query as the data of an answer. */
export function* resultPieces(result: QueryResult): Generator<string> {
  yield `{"resultType":"${result.type}","result":`;
  yield* valuePieces(result);
  yield '}';
}

function valuePieces(result: QueryResult): Iterable<string> {
  switch (result.type) {
    case 'scalar':
      return [numberPoint(result.time, result.value)];
    case 'string':
      return [pointText(pointOf(result.time, result.value))];
    case 'vector':
      return arrayOf(result.samples, ({ labels, time, value }) =>
        sample({ metric: labels, value: pointOf(time, formatSample(value)) }),
      );
    case 'matrix':
      return matrixPieces(result);
  }
}

function* matrixPieces({ series }: RangeResult): Generator<string> {
  yield '[';
  for (let index = 0; index < series.length; index++) {
    const { labels, times, values } = series[index];
    yield `${index > 0 ? ',' : ''}{"metric":${labelText(labels)},"values":[`;
    for (let start = 0; start < times.length; start += POINTS) {
      let text = '';
      for (let at = start; at < Math.min(start + POINTS, times.length); at++)
        text += `${at > 0 ? ',' : ''}${numberPoint(times[at], values[at])}`;
      yield text;
    }
    yield ']}';
  }
  yield ']';
}

/** Truncates a result to so many series; 0 = all. */
export function limited(result: QueryResult, limit: number): { result: QueryResult; truncated: boolean } {
  if (limit === 0) return { result, truncated: false };
  if (result.type === 'vector' && result.samples.length > limit)
    return { result: { ...result, samples: result.samples.slice(0, limit) }, truncated: true };
  if (result.type === 'matrix' && result.series.length > limit)
    return { result: { ...result, series: result.series.slice(0, limit) }, truncated: true };
  return { result, truncated: false };
}
