// not the globals: some realms have none
import { TextEncoder } from 'node:util';
import { finiteOrNull } from '../common/format-float';
import { stringifier } from '../common/stringifier';
import type { Metric } from './metrics';

/** NaN and infinities become null: sums can overflow, and quantiles can be missing. */
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

/** Copies without prototype: the serializer reads each property by name, and must not find any in Object.prototype. */
function finite(metric: Metric): unknown {
  const { value, sum, buckets, quantiles } = { sum: undefined, buckets: undefined, quantiles: undefined, ...metric };
  return {
    ...metric,
    value: finiteOrNull(value),
    sum: sum === undefined ? undefined : finiteOrNull(sum),
    buckets,
    quantiles: quantiles?.map(({ quantile, value }) => ({ quantile, value: finiteOrNull(value) })),
  };
}
