import type { Definition } from '../../kinds/definition';
import type { Family } from '../../registry/catalog';

/** Attributes of a resource. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Who measures what: the same in every request. */
export interface Origin {
  resource: Attributes;
  scope: { name: string; version: string };
}

/** Values of OTLP's enum `AggregationTemporality`. */
export const TEMPORALITY = { DELTA: 1, CUMULATIVE: 2 } as const;
export type Temporality = (typeof TEMPORALITY)[keyof typeof TEMPORALITY];

/** One data point: whose, and where its numbers stand. Good until the next one. */
export interface Point {
  readonly family: Family;
  /** Of the series in the family's list. */
  readonly index: number;
  /** Columns as in a snapshot, of which the series' begin at `column`. */
  readonly values: Float64Array;
  readonly column: number;
  /** Wall-clock milliseconds. A start of 0 is none. */
  readonly start: number;
  readonly time: number;
}

/** Writes one OTLP `ExportMetricsServiceRequest`. */
export interface Encoder {
  /** Begins a metric: the points that follow are its. */
  metric(definition: Definition, temporality: Temporality): void;
  point(point: Point): void;
  finish(): Uint8Array;
}
