/** Every code a definition or a call can fail with, and the sentence that explains it. `docs/errors.md` lists the same. */
export const errorCodes = {
  RINGMETER_INVALID_OPTION:
    'An option of the collector, a metric, a storage or the endpoint has the wrong type or range.',
  RINGMETER_INVALID_METRIC_NAME: 'A metric name must match [a-zA-Z_:][a-zA-Z0-9_:]*.',
  RINGMETER_INVALID_LABEL_NAME: 'A label name must match [a-zA-Z_][a-zA-Z0-9_]* and not begin with two underscores.',
  RINGMETER_RESERVED_LABEL_NAME:
    'The label name is written by the library itself (le on histograms, quantile on summaries).',
  RINGMETER_INVALID_LABELS:
    'The label set does not fit the metric: a name is missing or unknown, or a value cannot be used.',
  RINGMETER_INVALID_BUCKETS: 'Bucket bounds must be finite numbers in strictly increasing order.',
  RINGMETER_INVALID_UNIT: 'A unit must be the suffix of the metric name (before _total on counters).',
  RINGMETER_METRIC_CONFLICT: 'The name is already taken by a metric with another definition.',
  RINGMETER_OUT_OF_MEMORY: 'The arena is full: the definition does not fit below maxMemory.',
  RINGMETER_INVALID_HANDLE: 'The handle does not come from a collector of the same version of this library.',
  RINGMETER_INVALID_MESSAGE:
    'Bytes from another process are not a message of a snapshot, or one is missing before them.',
  RINGMETER_LISTEN_FAILED: 'The scrape endpoint could not be opened.',
  RINGMETER_STORAGE_FAILED: 'A storage backend could not store or answer.',
  RINGMETER_FILE_DAMAGED: 'A file of FileStorage, or a part of it, differs from the written data.',
  RINGMETER_FILE_TOO_LARGE: 'A file of FileStorage exceeds the limits of reading, before or after decompression.',
  RINGMETER_SCRAPE_FAILED: 'A scrape endpoint could not be reached, or its answer could not be read.',
  RINGMETER_INVALID_QUERY:
    'A query names no metric, its label values or time bounds have the wrong type, or its PromQL is wrong or has no answer.',
  RINGMETER_QUERY_LIMIT: 'A query would exceed its limit of samples, memory or time.',
  RINGMETER_WORKER_FAILED: 'The flush workers cannot be started or keep failing.',
  RINGMETER_NO_STORAGE: 'The collector has no storage on this thread.',
  RINGMETER_INVALID_RULE:
    'A rule, its expression or one of its templates cannot be used; the message says where it is.',
  RINGMETER_STACK_UNAVAILABLE: 'The stack of the main thread is not available, or was not available in time.',
  RINGMETER_BUSY: 'Another thread is removing series and did not finish in time.',
  RINGMETER_CLOSED: 'The collector has been closed.',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/**
 * The error of definitions and administrative calls. Match on `code`: it is stable, and it is kept between threads,
 * while structured clone drops prototypes. Recording never throws.
 */
export class RingmeterError extends Error {
  override readonly name = 'RingmeterError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The failure of one storage. */
export interface StorageRefusal {
  /** The storage's name. */
  readonly storage: string;
  readonly message: string;
}

/** The error of `collectAndStore()`: lists every storage that failed. Storages with a queue retry by themselves. */
export class StorageError extends RingmeterError {
  constructor(
    readonly failures: readonly StorageRefusal[],
    { code = 'RINGMETER_STORAGE_FAILED', cause }: { code?: ErrorCode; cause?: unknown } = {},
  ) {
    super(code, failures.map(({ storage, message }) => `${storage}: ${message}`).join('; '), { cause });
  }
}

/** A text in quotes, of which only the beginning is shown if it is long. */
export function excerpt(text: string, most = 80): string {
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}…` : text);
}

/** Describes any value for an error message: short, and without running user code that may throw. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return excerpt(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null) return shownObject(value);
  return typeof value === 'function' ? 'a function' : String(value);
}

function shownObject(value: object): string {
  try {
    return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
  } catch {
    // a revoked proxy throws at any access
    return 'an object';
  }
}

/** An error as it is sent between threads: structured clone drops `code` and the prototype. */
export interface PlainError {
  code: ErrorCode;
  message: string;
}

export function toPlainError(error: unknown, otherwise: ErrorCode): PlainError {
  return { code: error instanceof RingmeterError ? error.code : otherwise, message: messageOf(error) };
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  try {
    const message: unknown = (error as Error | undefined)?.message;
    return typeof message === 'string' && message !== '' ? message : String(error);
  } catch {
    // an object without a prototype, or whose getter throws
    return shown(error);
  }
}
