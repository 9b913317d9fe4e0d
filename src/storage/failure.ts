import { RingmeterError } from '../errors';

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
