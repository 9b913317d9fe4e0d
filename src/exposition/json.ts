import build from 'fast-json-stringify';
import type { Metric } from './metrics';

const byKey = { type: 'object', additionalProperties: { type: ['number', 'null'] } } as const;

/** The JSON Schema of `exportJson()`. */
const stringify = build({
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
      value: { type: 'number' },
      sum: { type: 'number' },
      buckets: byKey,
      quantiles: byKey,
    },
    required: ['name', 'type', 'description', 'unit', 'labels', 'timestamp', 'value'],
  },
} as const);

/** Metrics as a JSON array. NaN, which JSON does not have, becomes null. */
export function toJson(metrics: Metric[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(stringify(metrics.map(withoutNaN)));
}

function withoutNaN(metric: Metric): Metric {
  if (metric.quantiles === undefined) return metric;
  const quantiles = Object.entries(metric.quantiles).map(([key, value]) => [key, Number.isNaN(value) ? null : value]);
  return { ...metric, quantiles: Object.fromEntries(quantiles) };
}
