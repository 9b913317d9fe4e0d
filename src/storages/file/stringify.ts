import { stringifier } from '../../common/stringifier';
import type { FlushLine, HeaderLine, MetricLine, SeriesLine, ValuesLine } from './format';

const string = { type: 'string' } as const;
const number = { type: 'number' } as const;
const numbers = { type: 'array', items: number } as const;

function lineWriter<T extends object>(properties: Record<keyof T & string, object>): (line: T) => string {
  return stringifier<T>({ type: 'object', properties, required: Object.keys(properties) });
}

/** Each writes one kind of line, without the line break. */
export const stringifyHeader = lineWriter<HeaderLine>({
  ringmeter: number,
  created: number,
  source: string,
  writer: string,
  storage: string,
  host: string,
  pid: number,
});

export const stringifyMetric = lineWriter<MetricLine>({
  metric: string,
  type: string,
  description: string,
  unit: string,
  labelNames: { type: 'array', nullable: true, items: string },
  buckets: numbers,
  quantiles: numbers,
  maxAge: number,
  maxSamples: number,
});

export const stringifySeries = lineWriter<SeriesLine>({
  metric: string,
  series: number,
  labels: { type: 'object', additionalProperties: string },
  start: number,
});

export const stringifyValues = lineWriter<ValuesLine>({
  metric: string,
  time: number,
  first: number,
  values: { type: 'array', items: { type: ['number', 'string'] } },
});

export const stringifyFlush = lineWriter<FlushLine>({
  flush: number,
  time: number,
  series: number,
  bytes: number,
  crc32: number,
});
