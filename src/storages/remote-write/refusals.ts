import { StorageFailure } from '../../common/storage-failure';
import { HttpFailure } from '../../net/http';

/** Statuses caused by the content of one request: the receiver may accept the next one. */
const OF_CONTENT = new Set([400, 413, 422]);
/**
 * Texts of a 500 of Prometheus up to 2.42 about samples that it will never accept: storage.ErrOutOfOrderSample,
 * ErrOutOfBounds, ErrTooOldSample and ErrDuplicateSampleForTimestamp. Any other 500 is retried.
 */
const OF_SAMPLES = /^(out of order sample|out of bounds|too old sample|duplicate sample for timestamp)\s*$/;

/** Collects requests that the receiver will never accept, so that they do not block the following ones. */
export class Refusals {
  private count = 0;
  private first: HttpFailure | undefined;

  /** Notes a failure caused by the request's content; rethrows any other. */
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
