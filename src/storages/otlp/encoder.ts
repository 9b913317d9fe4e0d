import type { Definition } from '../../kinds/definition';
import type { Family } from '../../registry/family';

/** Attributes of a resource. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** The resource and the scope, which are the same in every request. */
export interface Origin {
  resource: Attributes;
  scope: { name: string; version: string };
}

/** Values of OTLP's enum `AggregationTemporality`. */
export const TEMPORALITY = { DELTA: 1, CUMULATIVE: 2 } as const;
export type Temporality = (typeof TEMPORALITY)[keyof typeof TEMPORALITY];

/** Value of a point's flags: the series has ended. Source: opentelemetry-proto, `DataPointFlags`. */
export const NO_RECORDED_VALUE = 1;

/** One data point: its series and the place of its numbers. Valid until the next point is read. */
export interface Point {
  readonly family: Family;
  /** Index of the series in the family's list. */
  readonly index: number;
  /** Columns as in a snapshot; those of the series begin at `column`. */
  readonly values: Float64Array;
  readonly column: number;
  /** Wall-clock milliseconds; 0 = no start. */
  readonly start: number;
  readonly time: number;
  /** Whether the series has ended: the point then has no value. */
  readonly isEnd: boolean;
}

/** Writes one OTLP `ExportMetricsServiceRequest`. */
export interface Encoder {
  /** Begins a metric: the following points belong to it. */
  metric(definition: Definition, temporality: Temporality): void;
  point(point: Point): void;
  finish(): Uint8Array;
}
