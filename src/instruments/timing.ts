/** Starts a clock; the function that is returned gives the seconds since then. Monotonic. */
export function stopwatch(): () => number {
  const started = performance.now();
  return () => (performance.now() - started) / 1000;
}

/**
 * Runs `fn` and hands the seconds it took to `observe`, whether it returned, threw, resolved or rejected. Returns what
 * `fn` returned.
 */
export function timed<T>(fn: () => T, observe: (seconds: number) => void): T {
  const elapsed = stopwatch();
  let result: T;
  try {
    result = fn();
  } catch (error) {
    observe(elapsed());
    throw error;
  }
  if (!isThenable(result)) {
    observe(elapsed());
    return result;
  }
  const done = (): void => observe(elapsed());
  return result.then(
    (value) => {
      done();
      return value;
    },
    (error: unknown) => {
      done();
      throw error;
    },
  ) as T;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
