import type { MetricsFlush, ReadMetricsOptions } from './directory';

/**
 * Reads what `FileStorage` has written to a directory, also while it writes: the flushes of all writers, sorted by
 * time. A flush is returned completely or not at all.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION, RINGMETER_INVALID_QUERY; while it is read, RINGMETER_STORAGE_FAILED if
 *   the directory or a file cannot be read
 */
export function readMetricsDirectory(
  directory: string,
  options?: ReadMetricsOptions,
): AsyncGenerator<MetricsFlush, void> {
  const { readDirectory } = require('./directory') as typeof import('./directory');
  return readDirectory(directory, options);
}
