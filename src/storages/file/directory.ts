import { setTimeout as sleep } from 'node:timers/promises';
import { checkOptions } from '../../common/options-check';
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
  const { wanted, readerOf } = resolve(directory, options);
  return asMetrics(readFlushes(directory, wanted, readerOf));
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
  const { wanted, readerOf } = resolve(directory, options);
  const readers = new Map<string, FileReader>();
  const readerOnce = (file: FileName): FileReader => {
    const reader = readers.get(file.stem) ?? readerOf(file);
    readers.set(file.stem, reader);
    return reader;
  };
  while (!signal.aborted) {
    yield* asMetrics(readFlushes(directory, wanted, readerOnce));
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

function resolve(
  directory: string,
  options: ReadMetricsOptions | undefined,
): { wanted: Wanted; readerOf: (file: FileName) => FileReader } {
  const given = checkOptions('readMetricsDirectory options', options, ['from', 'to', 'names', 'onDamage']);
  const { names, onDamage = () => {} } = given;
  const wanted = { ...resolveTimes(given), names: names && new Set(names) };
  return { wanted, readerOf: (file) => new FileReader(directory, file, wanted, onDamage) };
}

async function* asMetrics(flushes: AsyncIterable<StoredFlush>): AsyncGenerator<MetricsFlush, void> {
  for await (const { timestamp, source, metrics } of flushes)
    yield { timestamp, source, metrics: metrics.flatMap((metric) => seriesOf(metric, timestamp)) };
}

function seriesOf(metric: StoredMetric, timestamp: number): Metric[] {
  const { definition, labels, width, values } = metric;
  const metrics: Metric[] = [];
  for (let column = 0, index = 0; column < values.length; column += width, index++) {
    if (isMissing(metric, index)) continue;
    metrics.push(toMetric(definition, { ...labels[index] }, { timestamp, values, column }));
  }
  return metrics;
}
