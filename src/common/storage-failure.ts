import { RingmeterError } from './errors';

/** Why a snapshot could not be stored. What a backend throws, if it has more to say than a message. */
export class StorageFailure extends RingmeterError {
  /** Whether the same snapshot may be taken later. */
  readonly retryable: boolean;
  /** Milliseconds to wait at least, if the receiver said so. */
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

/** What anything that was thrown says of itself; nothing, in most cases: then it may pass. */
export function detailsOf(error: unknown): { retryable: boolean; retryAfter: number } {
  try {
    const { retryable, retryAfter } = (error ?? {}) as Partial<FailureDetails>;
    return { retryable: retryable !== false, retryAfter: Number.isFinite(retryAfter) ? retryAfter! : 0 };
  } catch {
    return { retryable: true, retryAfter: 0 };
  }
}
