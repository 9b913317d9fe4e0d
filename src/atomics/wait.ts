/**
 * Sleeps until the word differs from `value` or is notified, for `milliseconds` at most. Where a thread may not block
 * (for example, `Atomics.wait` throws in the windows of Electron), it polls the word instead.
 */
export function waitFor(i32: Int32Array, index: number, value: number, milliseconds: number): void {
  try {
    Atomics.wait(i32, index, value, milliseconds);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const deadline = performance.now() + milliseconds;
    while (Atomics.load(i32, index) === value && performance.now() < deadline);
  }
}
