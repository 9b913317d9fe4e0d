import { RingmeterError, shown } from '../errors';
import { checkInteger, checkNumber, checkOptions } from '../options-check';
import type { MemoryBackendOptions } from './memory-backend';
import type { ResolvedQuery, SeriesQuery, Storage, StorageDescription, TimeSeries } from './types';

export interface MemoryStorageOptions {
  /** Seconds after which a snapshot is forgotten. Default 3600. */
  maxAge?: number;
  /** Most snapshots kept. Default 360: an hour at the default flush interval. */
  maxSnapshots?: number;
  /** Bytes of shared memory for the history, resident where used; the oldest snapshots make room. Default 64 MiB. */
  maxBytes?: number;
}

/** Keeps the snapshots of every flush in memory and reads them back as time series. The default storage. */
export class MemoryStorage implements Storage {
  readonly description: StorageDescription;
  private ask: ((query: ResolvedQuery) => Promise<TimeSeries[]>) | undefined;

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
      history: new SharedArrayBuffer(checkInteger('maxBytes', maxBytes, 64 * 2 ** 20, 4096, 2 ** 31) & ~7),
    };
    this.description = { kind: 'memory', options: backend };
  }

  bind(ask: (query: ResolvedQuery) => Promise<TimeSeries[]>): void {
    if (this.ask !== undefined)
      throw new RingmeterError(
        'RINGMETER_INVALID_OPTION',
        'a storage belongs to one collector, this one has one already',
      );
    this.ask = ask;
  }

  /**
   * The history of every line that matches, read in a flush worker.
   *
   * @throws RingmeterError RINGMETER_INVALID_QUERY; RINGMETER_CLOSED without a collector, or when it is closed
   */
  async query(query: SeriesQuery): Promise<TimeSeries[]> {
    const resolved = resolveQuery(query);
    if (this.ask === undefined)
      throw new RingmeterError('RINGMETER_CLOSED', 'this storage has not been given to a collector');
    return this.ask(resolved);
  }
}

function resolveQuery(query: SeriesQuery): ResolvedQuery {
  if (typeof query?.name !== 'string')
    throw new RingmeterError('RINGMETER_INVALID_QUERY', `name must be a string, got ${shown(query?.name)}`);
  const { labels: wanted = {} } = query;
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted))
    throw new RingmeterError('RINGMETER_INVALID_QUERY', `labels must be an object, got ${shown(wanted)}`);
  const labels = Object.entries(wanted);
  const bad = labels.find(([, value]) => !['string', 'number', 'boolean'].includes(typeof value));
  if (bad)
    throw new RingmeterError('RINGMETER_INVALID_QUERY', `label ${bad[0]} must be a string, got ${shown(bad[1])}`);
  return {
    name: query.name,
    labels: Object.fromEntries(labels.map(([name, value]) => [name, String(value)])),
    from: resolveTime('from', query.from, Number.NEGATIVE_INFINITY),
    to: resolveTime('to', query.to, Number.POSITIVE_INFINITY),
  };
}

function resolveTime(name: string, time: number | Date | undefined, unbounded: number): number {
  const milliseconds = time === undefined ? unbounded : time instanceof Date ? time.getTime() : time;
  if (typeof milliseconds !== 'number' || Number.isNaN(milliseconds))
    throw new RingmeterError('RINGMETER_INVALID_QUERY', `${name} must be milliseconds or a Date, got ${shown(time)}`);
  return milliseconds;
}
