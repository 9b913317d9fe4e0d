import { onAbort } from '../common/on-abort';
import { QueryCrowded } from './refusals';

/** A semaphore with a bounded FIFO queue of waiters. */
export class Slots {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly most: number,
    private readonly mostWaiting: number,
  ) {}

  /**
   * Waits for a slot. The caller must release it with `leave`.
   *
   * @throws QueryCrowded if too many wait; the signal's reason
   */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.taken >= this.most) return this.wait(signal);
    this.taken++;
  }

  /** Releases a slot to the longest waiter. */
  leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.taken--;
    else next();
  }

  private wait(signal: AbortSignal): Promise<void> {
    const { waiting, most, mostWaiting } = this;
    if (waiting.length >= mostWaiting) throw new QueryCrowded(most, mostWaiting);
    return new Promise((resolve, reject) => {
      const go = (): void => {
        off();
        resolve();
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(signal.reason);
      };
      waiting.push(go);
      const off = onAbort(signal, giveUp);
    });
  }
}
