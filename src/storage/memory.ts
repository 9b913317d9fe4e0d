import { checkInteger, checkNumber, checkOptions } from '../options-check';
import { DescribedStorage } from './described';
import type { MemoryBackendOptions } from './memory-backend';

export interface MemoryStorageOptions {
  /** Seconds after which a snapshot is forgotten. Default 3600. */
  maxAge?: number;
  /** Most snapshots kept. Default 360: an hour at the default flush interval. */
  maxSnapshots?: number;
  /** Bytes of shared memory for the history, resident where used; the oldest snapshots make room. Default 64 MiB. */
  maxBytes?: number;
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
      history: new SharedArrayBuffer(checkInteger('maxBytes', maxBytes, 64 * 2 ** 20, 4096, 2 ** 31) & ~7),
    };
    super({
      kind: 'memory',
      module: require.resolve('./memory-backend'),
      options: backend,
      delivery: {},
      direct: true,
    });
  }
}
