/** Starts a clock; the function that is returned gives the seconds since then. Monotonic. */
export function stopwatch(): () => number {
  const started = performance.now();
  return () => (performance.now() - started) / 1000;
}

/**
 * Runs `fn` and hands the seconds it took to `observe`, whether it returned, threw, resolved or rejected. Returns what
 * `fn` returned; something that fails to be a promise is a result like any other.
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
    // thrown by a `then`, or while looking for it
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
