// not the globals: there are realms that have none, or whose timers are not node's
import { clearTimeout, setTimeout } from 'node:timers';
import { turn } from './turn';

/**
 * A wake-up word: a thread that raises it wakes all threads that sleep on it.
 *
 * Guarantees: `raise` never waits. A sleeper wakes at the latest when its time is up, so a lost wake-up is only a delay.
 * A raise is only a hint: the thread that wakes has to check the shared state itself.
 */
export function raise(i32: Int32Array, index: number): void {
  Atomics.add(i32, index, 1);
  Atomics.notify(i32, index);
}

/**
 * Sleeps on a word without blocking the thread's event loop, again and again. One `Atomics.waitAsync` is kept from
 * sleep to sleep: making and abandoning one for each sleep costs 0.1 ms, which would be most of the processor time of
 * an idle thread. `Atomics.waitAsync` does not keep a thread alive and can miss a wake-up, so a timer runs beside it.
 *
 * Guarantees: the event loop turns during each sleep, however often the word is raised. So a loop that sleeps in each round
 * never keeps timers and sockets from their turn.
 */
export class Sleeper {
  private seen: number;
  private waiting = false;
  private readonly wakes = new Set<() => void>();

  /** @param holdsThread whether the thread stays alive while it sleeps */
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

  /** Wakes all sleeps that are pending. */
  end(): void {
    for (const wake of [...this.wakes]) wake();
  }

  private wait(): void {
    if (this.waiting) return;
    const { async, value } = Atomics.waitAsync(this.i32, this.index, this.seen);
    this.waiting = true;
    // not async: the word has changed since it was loaded
    void (async ? value : turn()).then(woken(new WeakRef(this)));
  }

  /** Called when the asynchronous wait on the word has ended. */
  woken(): void {
    this.waiting = false;
    this.end();
  }
}

/** Weak: a wait that nobody ends lasts as long as the thread, and must not keep an unused sleeper's arena in memory. */
function woken(sleeper: WeakRef<Sleeper>): () => void {
  return () => sleeper.deref()?.woken();
}
