import { setTimeout as sleep } from 'node:timers/promises';
import { checkBoolean, checkOptions } from '../../common/options-check';
import { type Metric, toMetric } from '../../exposition/metrics';
import { resolveTimes } from '../query';
import { isMissing, type StoredFlush, type StoredMetric, type Wanted } from './decode';
import type { FileName } from './names';
import { readFlushes } from './read';
import { type Damage, FileReader } from './read-file';

/** Milliseconds between two looks at a directory that is followed. */
const POLL_MS = 500;

/** What of a directory is wanted. */
export interface ReadMetricsOptions {
  /** First and last moment, inclusive: wall-clock milliseconds or Dates. Unbounded if left out. */
  from?: number | Date;
  to?: number | Date;
  /** Names of metrics. All, if left out. */
  names?: Iterable<string>;
  /** Whether each series also says since when it counts: `start`. Default false. */
  starts?: boolean;
  /** Called for every part of a file that is skipped because it is damaged. Default: nothing. */
  onDamage?: (damage: Damage) => void;
}

/** One flush of one process. */
export interface MetricsFlush {
  /** Wall-clock milliseconds of the collect. */
  timestamp: number;
  /** Identifies the storage that wrote the flush among all processes that have written to the directory. */
  source: string;
  metrics: Metric[];
}

/** Implements `readMetricsDirectory`, which loads this module at its first call. */
export function readDirectory(directory: string, options?: ReadMetricsOptions): AsyncGenerator<MetricsFlush, void> {
  const { wanted, readerOf, starts } = resolve(directory, options);
  return asMetrics(readFlushes(directory, wanted, readerOf), starts);
}

/**
 * Like `readDirectory`; afterwards polls every half second for new flushes, until the signal is aborted.
 *
 * @throws as `readMetricsDirectory`
 */
export async function* followMetricsDirectory(
  directory: string,
  options: ReadMetricsOptions,
  signal: AbortSignal,
): AsyncGenerator<MetricsFlush, void> {
  const { wanted, readerOf, starts } = resolve(directory, options);
  const readers = new Map<string, FileReader>();
  const readerOnce = (file: FileName): FileReader => {
    const reader = readers.get(file.stem) ?? readerOf(file);
    readers.set(file.stem, reader);
    return reader;
  };
  while (!signal.aborted) {
    yield* asMetrics(readFlushes(directory, wanted, readerOnce), starts);
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

function resolve(
  directory: string,
  options: ReadMetricsOptions | undefined,
): { wanted: Wanted; readerOf: (file: FileName) => FileReader; starts: boolean } {
  const given = checkOptions('readMetricsDirectory options', options, ['from', 'to', 'names', 'starts', 'onDamage']);
  const { names, onDamage = () => {} } = given;
  const starts = checkBoolean('starts', given.starts, false);
  const wanted = { ...resolveTimes(given), names: names && new Set(names) };
  return { wanted, readerOf: (file) => new FileReader(directory, file, wanted, onDamage), starts };
}

async function* asMetrics(
  flushes: AsyncIterable<StoredFlush>,
  withStarts: boolean,
): AsyncGenerator<MetricsFlush, void> {
  for await (const { timestamp, source, metrics } of flushes)
    yield { timestamp, source, metrics: metrics.flatMap((metric) => seriesOf(metric, timestamp, withStarts)) };
}

function seriesOf(metric: StoredMetric, timestamp: number, withStarts: boolean): Metric[] {
  const { definition, labels, starts, width, values } = metric;
  const metrics: Metric[] = [];
  for (let column = 0, index = 0; column < values.length; column += width, index++) {
    if (isMissing(metric, index)) continue;
    const series = toMetric(definition, { ...labels[index] }, { timestamp, values, column });
    if (withStarts && starts[index] !== undefined) series.start = starts[index];
    metrics.push(series);
  }
  return metrics;
}
