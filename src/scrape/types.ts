import type { LabelPairs } from '../kinds/definition';

/** Prometheus text format 0.0.4, or OpenMetrics 1.0 text. */
export type ScrapeFormat = 'prometheus' | 'openmetrics';

/** The types of TYPE lines; OpenMetrics' `unknown` and a missing TYPE line are `untyped`. */
export type ScrapedType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'summary'
  | 'untyped'
  | 'info'
  | 'stateset'
  | 'gaugehistogram';

/** One line with a value. */
export interface ScrapedSample {
  name: string;
  /** In their order in the text; duplicate names are kept. */
  labels: LabelPairs;
  value: number;
  /** Milliseconds since 1970, if the line has a timestamp. */
  timestamp?: number;
  /** OpenMetrics only. */
  exemplar?: { labels: LabelPairs; value: number; timestamp?: number };
  /** Line number, from 1. */
  line: number;
}

/** The lines of one metric, also if they are not adjacent. */
export interface ScrapedFamily {
  /** As in HELP and TYPE: an OpenMetrics counter's lines are called `name_total`. */
  name: string;
  type: ScrapedType;
  /** Undefined without a HELP line. */
  help?: string;
  /** OpenMetrics only; undefined without a UNIT line. */
  unit?: string;
  samples: ScrapedSample[];
  /** Of its first line, from 1. */
  line: number;
}

/** Violations of the format that can be tolerated. */
export type NoteKind =
  | 'bad-escape'
  | 'interleaved'
  | 'late-metadata'
  | 'no-final-newline'
  | 'no-eof'
  | 'repeated-metadata';

export interface Note {
  kind: NoteKind;
  /** The metric's name; '' if it is not about one. */
  metric: string;
  line: number;
}

/** One answer of a scrape endpoint. */
export interface Scrape {
  format: ScrapeFormat;
  /** In the order of their first lines. */
  families: ScrapedFamily[];
  notes: Note[];
}
