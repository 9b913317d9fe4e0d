// not the globals: there are realms that have none
import { TextEncoder } from 'node:util';
import { stringifier } from '../common/stringifier';
import type { Metric } from './metrics';

/** Sums can overflow and quantiles be missing: what JSON has no number for becomes null. */
const numberOrNull = { type: ['number', 'null'] } as const;

const stringify = stringifier({
  type: 'array',
  items: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      type: { type: 'string' },
      description: { type: 'string' },
      unit: { type: 'string' },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      timestamp: { type: 'number' },
      value: numberOrNull,
      sum: numberOrNull,
      buckets: {
        type: 'array',
        items: { type: 'object', properties: { le: { type: 'string' }, count: { type: 'number' } } },
      },
      quantiles: {
        type: 'array',
        items: { type: 'object', properties: { quantile: { type: 'number' }, value: numberOrNull } },
      },
    },
    required: ['name', 'type', 'description', 'unit', 'labels', 'timestamp', 'value'],
  },
} as const);

/** Metrics as a JSON array. */
export function toJson(metrics: Metric[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(stringify(metrics.map(finite)));
}

/** What is left out must not be found in Object.prototype: the serializer asks for each property by its name. */
function finite(metric: Metric): unknown {
  const { value, sum, buckets, quantiles } = { sum: undefined, buckets: undefined, quantiles: undefined, ...metric };
  return {
    ...metric,
    value: orNull(value),
    sum: sum === undefined ? undefined : orNull(sum),
    buckets,
    quantiles: quantiles?.map(({ quantile, value }) => ({ quantile, value: orNull(value) })),
  };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
