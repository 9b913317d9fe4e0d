import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { shown } from '../../common/errors';
import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  invalidOption,
} from '../../common/options-check';
import { ownFile } from '../../common/own-file';
import { checkDelivery, DELIVERY_OPTIONS } from '../../delivery/delivery-options';
import type { DeliveryOptions } from '../../delivery/types';
import { DescribedStorage } from '../described';
import type { FileBackendOptions } from './file-backend';

export interface FileStorageOptions extends DeliveryOptions {
  /** Where the files are. It is made if it is not there. Several processes may share it. */
  directory: string;
  /** Bytes; a file is closed if another flush like the last would not fit. Default 64 MiB, at most `maxBytes / 4`. */
  maxFileBytes?: number;
  /** Seconds; a file is closed when it is older, and another begun. Default 3600. */
  maxFileAge?: number;
  /** Bytes of all files; the oldest closed files are removed to stay below. Default 1 GiB. */
  maxBytes?: number;
  /** Seconds after which a closed file is removed. Default 604 800, a week. */
  maxAge?: number;
  /** Whether closed files are compressed. Default false. */
  gzip?: boolean;
  /** When to call fsync: after each flush, when a file is closed, or never. Default `'close'`. */
  fsync?: 'flush' | 'close' | 'never';
}

const KIND = 'file';
const OWN_OPTIONS = ['directory', 'maxFileBytes', 'maxFileAge', 'maxBytes', 'maxAge', 'gzip', 'fsync'] as const;
const DEFAULT_FILE_BYTES = 64 * 2 ** 20;

/** Appends the snapshot of every flush to files, which `readMetricsDirectory()` and `npx ringmeter cat` read back. */
export class FileStorage extends DescribedStorage {
  /** @throws RingmeterError RINGMETER_INVALID_OPTION */
  constructor(options: FileStorageOptions) {
    const given = checkOptions('FileStorage options', options, [...OWN_OPTIONS, ...DELIVERY_OPTIONS]);
    const { directory, maxFileBytes, maxFileAge, maxBytes, maxAge, gzip, fsync } = given;
    const delivery = checkDelivery(KIND, given);
    const most = checkInteger('maxBytes', maxBytes, 2 ** 30, 4_096, Number.MAX_SAFE_INTEGER);
    const { randomBytes } = require('node:crypto') as typeof import('node:crypto');
    const backend: FileBackendOptions = {
      directory: checkDirectory(directory),
      source: `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`,
      maxFileBytes: checkInteger('maxFileBytes', maxFileBytes, Math.min(DEFAULT_FILE_BYTES, most >> 2), 1_024, most),
      maxFileAge: checkAge('maxFileAge', maxFileAge, 3_600),
      maxBytes: most,
      maxAge: checkAge('maxAge', maxAge, 604_800),
      gzip: checkBoolean('gzip', gzip, false),
      fsync: checkOneOf('fsync', fsync, 'close', ['flush', 'close', 'never']),
    };
    super({ kind: KIND, module: ownFile(__dirname, 'file-backend'), options: backend, delivery });
  }
}

function checkDirectory(directory: unknown): string {
  if (typeof directory === 'string' && directory !== '' && !directory.includes('\0')) return resolve(directory);
  return invalidOption(`directory must be a path, got ${shown(directory)}`);
}

/** Seconds to milliseconds. */
function checkAge(name: string, age: unknown, fallback: number): number {
  return checkNumber(name, age, fallback, 0.001, Number.MAX_SAFE_INTEGER) * 1000;
}
