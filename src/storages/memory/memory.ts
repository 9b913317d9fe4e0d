import { sharedMemory } from '../../atomics/shared-memory';
import { RingmeterError, shown } from '../../common/errors';
import { checkInteger, checkNumber, checkOptions } from '../../common/options-check';
import { ownFile } from '../../common/own-file';
import type { ResolvedQuery, SeriesQuery } from '../../delivery/types';
import { HistoryClock } from '../../history/history-clock';
import { DescribedStorage } from '../described';
import { resolveQuery } from '../query';
import type { MemoryBackendOptions } from './memory-backend';

export interface MemoryStorageOptions {
  /** Seconds after which a snapshot is forgotten. Default 3600. */
  maxAge?: number;
  /** Most snapshots kept. Default 360: an hour at the default flush interval. */
  maxSnapshots?: number;
  /**
   * Bytes of shared memory for the history, resident where used; the oldest snapshots make room. One snapshot must fit
   * into a quarter of it. Default 64 MiB.
   */
  maxBytes?: number;
}

/** The result of a function over one line in a time range. */
export interface SeriesValue {
  /** As in `TimeSeries`. */
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Keeps the snapshots of every flush in memory and reads them back as time series. The default storage. */
export class MemoryStorage extends DescribedStorage {
  /** @throws RingmeterError RINGMETER_INVALID_OPTION */
  constructor(options?: MemoryStorageOptions) {
    const { maxAge, maxSnapshots, maxBytes } = checkOptions('MemoryStorage options', options, [
      'maxAge',
      'maxSnapshots',
      'maxBytes',
    ]);
    const backend: MemoryBackendOptions = {
      maxAge: checkNumber('maxAge', maxAge, 3600, 0.001, Number.MAX_SAFE_INTEGER) * 1000,
      maxSnapshots: checkInteger('maxSnapshots', maxSnapshots, 360, 1, Number.MAX_SAFE_INTEGER),
      history: sharedMemory(
        wholeWords(checkInteger('maxBytes', maxBytes, 64 * 2 ** 20, 4096, 2 ** 31)),
        'maxBytes of MemoryStorage',
      ),
      clock: HistoryClock.allocate(),
    };
    super({
      kind: 'memory',
      module: ownFile(__dirname, 'memory-backend'),
      options: backend,
      delivery: {},
      direct: true,
    });
  }

  /**
   * How fast counters grew: per second, from `from` to `to`, as Prometheus' `rate()` says, resets and extrapolation to
   * the ends of the range included. A missing bound defaults to that of the kept history. Lines with fewer than two
   * points in the range are left out.
   *
   * @throws RingmeterError RINGMETER_INVALID_QUERY; RINGMETER_CLOSED
   */
  async rate(query: SeriesQuery): Promise<SeriesValue[]> {
    return this.evaluate({ ...resolveQuery(query), function: 'rate' });
  }

  /** By how much counters grew from `from` to `to`, as Prometheus' `increase()` says. Otherwise like `rate`. */
  async increase(query: SeriesQuery): Promise<SeriesValue[]> {
    return this.evaluate({ ...resolveQuery(query), function: 'increase' });
  }

  /**
   * The value below which the share `quantile` (0 to 1) of what a histogram observed from `from` to `to` lies: Prometheus'
   * `histogram_quantile(quantile, increase(...))`, for each series. NaN where nothing was observed; -Infinity for a
   * quantile below 0, Infinity above 1.
   *
   * @param query `name` is that of the histogram, without `_bucket`
   * @throws RingmeterError RINGMETER_INVALID_QUERY, also if it is no histogram, or the quantile no number; RINGMETER_CLOSED
   */
  async quantile(quantile: number, query: SeriesQuery): Promise<SeriesValue[]> {
    if (typeof quantile !== 'number')
      throw new RingmeterError('RINGMETER_INVALID_QUERY', `quantile must be a number, got ${shown(quantile)}`);
    return this.evaluate({ ...resolveQuery(query), function: 'quantile', quantile });
  }

  private async evaluate(query: ResolvedQuery): Promise<SeriesValue[]> {
    return (await this.answer(query)).map(({ name, labels, points: [{ value }] }) => ({ name, labels, value }));
  }
}

/** The shared memory is read in words of 8 bytes. */
function wholeWords(bytes: number): number {
  return bytes - (bytes % 8);
}
