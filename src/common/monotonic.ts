/** Milliseconds on a monotonic clock that is equal on all threads: that of `Arena.tick`. */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
