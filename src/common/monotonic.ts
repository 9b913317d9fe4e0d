/** Milliseconds on a clock that is never set, the same for all threads: that of `Arena.tick`. */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
