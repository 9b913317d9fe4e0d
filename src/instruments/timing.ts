/** Starts a stopwatch; the returned function returns the seconds since then. Monotonic. */
export function stopwatch(): () => number {
  const started = performance.now();
  return () => (performance.now() - started) / 1000;
}

/**
 * Runs `fn` and passes the seconds it took to `observe`, whether it returned, threw, resolved or rejected. Returns the
 * result of `fn`. A thenable that fails to work as a promise is treated as a plain result.
 */
export function timed<T>(fn: () => T, observe: (seconds: number) => void): T {
  const elapsed = stopwatch();
  let running = true;
  const done = (): void => {
    if (running) observe(elapsed());
    running = false;
  };
  let result: T;
  try {
    result = fn();
  } catch (error) {
    done();
    throw error;
  }
  try {
    const then = thenOf(result);
    if (then !== undefined) return (settled(then, result, done) ?? result) as T;
  } catch {
    // thrown by `then` itself, or by the getter of `then`
  }
  done();
  return result;
}

type Then = PromiseLike<unknown>['then'];

function thenOf(value: unknown): Then | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { then } = value as { then?: unknown };
  return typeof then === 'function' ? (then as Then) : undefined;
}

/** The promise after `done` has been called. */
function settled(then: Then, promise: unknown, done: () => void): unknown {
  return then.call(
    promise,
    (value: unknown) => {
      done();
      return value;
    },
    (error: unknown) => {
      done();
      throw error;
    },
  );
}
