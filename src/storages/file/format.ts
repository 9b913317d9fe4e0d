import { crc32 } from 'node:zlib';
import type { NonFinite } from '../../common/format-float';
import type { Definition } from '../../kinds/definition';

/**
 * The lines of a file, each one JSON object; docs/storage-file.md is their specification. The first key of a line tells
 * its kind. Writers put the keys in the order in which they stand here, readers may rely on it.
 */
export const FORMAT_VERSION = 1;

/** The first line of a file. */
export interface HeaderLine {
  ringmeter: number;
  /** Wall-clock milliseconds. */
  created: number;
  /** Identifies the storage and the process that wrote the file, whichever of its threads did. */
  source: string;
  writer: string;
  storage: string;
  host: string;
  pid: number;
}

/** A metric, once in a file, before its first series. Readers do not need the options that end series. */
export interface MetricLine extends Omit<Definition, 'name' | 'ttl' | 'cardinalityLimit'> {
  metric: string;
}

/**
 * A series of a metric, before its first values in a file; repeated if its number is reused for another series, and when
 * the series begins to count anew. Numbers start from 0 in each metric and each file.
 */
export interface SeriesLine {
  metric: string;
  series: number;
  labels: Record<string, string>;
  /** Since when the series counts, in wall-clock milliseconds. Files of earlier writers do not have it. */
  start?: number;
}

/** JSON has no numbers for these. */
export type StoredNumber = number | NonFinite;

/** Values of series of a metric with consecutive numbers at one moment, the columns of each one after the other. */
export interface ValuesLine {
  metric: string;
  time: number;
  /** Number of the first series. */
  first: number;
  values: StoredNumber[];
}

/** The last line of a flush. Without it, or if it does not fit what stands before it, the flush does not count. */
export interface FlushLine {
  /** From 0, within the file. */
  flush: number;
  time: number;
  series: number;
  /** Of the lines that belong to the flush, before this one. */
  bytes: number;
  /** Checksum of those lines and of the other fields of this line: see `seal`. */
  crc32: number;
}

/** What a flush's last line begins with. */
export const FLUSH_START = Buffer.from('{"flush":');
/** What the lines of metrics begin with, before the name, which needs no escapes. */
export const METRIC_START = Buffer.from('{"metric":"');

/** The checksum of a flush: that of its lines, continued over the fields of its last line. */
export function seal(checksum: number, { flush, time, series, bytes }: Omit<FlushLine, 'crc32'>): number {
  return crc32(`${flush} ${time} ${series} ${bytes}`, checksum);
}
