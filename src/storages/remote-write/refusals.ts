import { StorageFailure } from '../../common/storage-failure';
import { HttpFailure } from '../../net/http';

/** Statuses that speak of what is in one request: the next one may be taken. */
const OF_CONTENT = new Set([400, 413, 422]);
/**
 * What Prometheus up to 2.42 says with a 500 about samples that will be no better next time: storage.ErrOutOfOrderSample,
 * ErrOutOfBounds, ErrTooOldSample and ErrDuplicateSampleForTimestamp. Any other 500 may pass.
 */
const OF_SAMPLES = /^(out of order sample|out of bounds|too old sample|duplicate sample for timestamp)\s*$/;

/** Requests that a receiver will never take. They must not stand in the way of the others. */
export class Refusals {
  private count = 0;
  private first: HttpFailure | undefined;

  /** Notes a failure that is the request's own fault, and throws any other. */
  note(error: unknown): void {
    if (!(error instanceof HttpFailure)) throw error;
    const { status, body } = error.answer;
    if (!OF_CONTENT.has(status) && !(status === 500 && OF_SAMPLES.test(body))) throw error;
    this.first ??= error;
    this.count++;
  }

  /** To be called at the end. @throws StorageFailure if there were any: what was refused is lost */
  report(): void {
    if (this.first === undefined) return;
    const others = this.count > 1 ? ` (and ${this.count - 1} more requests of the same snapshot)` : '';
    throw new StorageFailure(`${this.first.message}${others}`, { retryable: false, cause: this.first });
  }
}
