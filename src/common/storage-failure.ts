import { RingmeterError } from './errors';

/** The error of a backend that could not store a snapshot, with hints for the retry. */
export class StorageFailure extends RingmeterError {
  /** Whether the same snapshot may be accepted later. */
  readonly retryable: boolean;
  /** Least delay before the retry in milliseconds, if the receiver named one. */
  readonly retryAfter: number | undefined;

  constructor(message: string, { retryable, retryAfter, cause }: FailureDetails) {
    super('RINGMETER_STORAGE_FAILED', message, { cause });
    this.retryable = retryable;
    this.retryAfter = retryAfter;
  }
}

export interface FailureDetails {
  retryable: boolean;
  retryAfter?: number;
  cause?: unknown;
}

/** The retry hints of any thrown value; most have none, and are retryable. */
export function detailsOf(error: unknown): { retryable: boolean; retryAfter: number } {
  try {
    const { retryable, retryAfter } = (error ?? {}) as Partial<FailureDetails>;
    return { retryable: retryable !== false, retryAfter: Number.isFinite(retryAfter) ? retryAfter! : 0 };
  } catch {
    return { retryable: true, retryAfter: 0 };
  }
}
