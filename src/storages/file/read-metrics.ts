import type { MetricsFlush, ReadMetricsOptions } from './directory';

/**
 * What `FileStorage` has written to a directory: the flushes of all its writers in the order of their times, also while
 * they write. A flush is there as a whole or not at all.
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
