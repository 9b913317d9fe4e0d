// not the globals: there are realms that have none, or whose timers are not node's
import { clearTimeout, setTimeout } from 'node:timers';
import { turn } from './turn';

/**
 * A wake-up word: threads that sleep on it are woken by whoever raises it.
 *
 * Guarantees: `raise` never waits. A sleeper wakes at the latest when its time is up, so a lost wake-up is only a delay.
 * What a raise is worth: a hint. The sleeper looks at the shared state itself.
 */
export function raise(i32: Int32Array, index: number): void {
  Atomics.add(i32, index, 1);
  Atomics.notify(i32, index);
}

/**
 * Sleeps on a word without blocking the thread's event loop, again and again. One wait is kept on the word from sleep to
 * sleep: one that is made and given up each time costs a tenth of a millisecond, which is what an idle thread consists of.
 * `Atomics.waitAsync` does not hold a thread alive and can miss, so a timer runs beside it.
 *
 * Guarantees: the event loop turns during each sleep, however often the word is raised. So a loop that sleeps in each round
 * never keeps timers and sockets from their turn.
 */
export class Sleeper {
  private seen: number;
  private waiting = false;
  private readonly wakes = new Set<() => void>();

  /** @param holdsThread whether a sleep keeps the thread alive until it is over */
  constructor(
    private readonly i32: Int32Array,
    private readonly index: number,
    private readonly holdsThread: boolean,
  ) {
    this.seen = Atomics.load(i32, index);
  }

  /** Resolves when the word has been raised since the last sleep began, or the time is up. */
  sleep(milliseconds: number): Promise<void> {
    const present = Atomics.load(this.i32, this.index);
    const raised = present !== this.seen;
    this.seen = present;
    if (raised) return turn();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.wakes.delete(wake);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      if (!this.holdsThread) timer.unref();
      this.wakes.add(wake);
      this.wait();
    });
  }

  /** Ends the sleeps that are going on. */
  end(): void {
    for (const wake of [...this.wakes]) wake();
  }

  private wait(): void {
    if (this.waiting) return;
    const { async, value } = Atomics.waitAsync(this.i32, this.index, this.seen);
    this.waiting = true;
    // not async: the word was raised after it was looked at
    void (async ? value : turn()).then(woken(new WeakRef(this)));
  }

  /** The wait on the word has come to its end. */
  woken(): void {
    this.waiting = false;
    this.end();
  }
}

/** A wait that nobody ends lasts as long as the thread: the arena of a sleeper that is not used any more must not. */
function woken(sleeper: WeakRef<Sleeper>): () => void {
  return () => sleeper.deref()?.woken();
}
