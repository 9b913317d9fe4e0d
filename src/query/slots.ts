import { onAbort } from '../common/on-abort';
import { QueryCrowded } from './refusals';

/** So many may do something at one time; so many others wait for them, in order. */
export class Slots {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly most: number,
    private readonly mostWaiting: number,
  ) {}

  /**
   * Waits for a place. Whoever gets one has to leave it.
   *
   * @throws QueryCrowded if too many wait; the signal's reason
   */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.taken >= this.most) return this.wait(signal);
    this.taken++;
  }

  /** The place goes to the one that has waited the longest. */
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
