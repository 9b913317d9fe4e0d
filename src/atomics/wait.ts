/**
 * Sleeps until a word is another or somebody notifies it, for so many milliseconds at most. Where a thread may not sleep
 * (`Atomics.wait` throws in the windows of Electron, for one), it looks again and again instead.
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
