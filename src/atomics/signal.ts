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

/** A sleep that does not block the thread's event loop and does not keep the thread alive. */
export interface Sleep {
  /** Resolves when the word is raised or the time is up. */
  readonly woken: Promise<void>;
  /** Ends the sleep now. */
  cancel(): void;
}

/**
 * Sleeps without blocking. `Atomics.waitAsync` alone can miss its time-out on a thread whose loop is idle and does not
 * hold a thread alive, so an unref'd timer runs beside it.
 */
export function sleepUntilRaised(i32: Int32Array, index: number, milliseconds: number): Sleep {
  let cancel = (): void => {};
  const woken = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    timer.unref();
    cancel = () => {
      clearTimeout(timer);
      resolve();
    };
    const wait = Atomics.waitAsync(i32, index, Atomics.load(i32, index), milliseconds);
    if (wait.async) wait.value.then(cancel);
    else cancel();
  });
  return { woken, cancel };
}
