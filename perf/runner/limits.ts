import { TooMuch } from './benchmark';

/** What a contender may take before it is left out. */
export const MOST_BYTES = 4 * 2 ** 30;
export const MOST_SECONDS = 60;

/** @throws TooMuch if this process has taken more than a contender may */
export function checkMemory(): void {
  if (process.memoryUsage.rss() > MOST_BYTES) throw new TooMuch('more than 4 GB');
}

/** Does `step` for the numbers below `count`, in chunks, with an eye on memory and time. */
export async function within(count: number, step: (from: number, to: number) => unknown): Promise<void> {
  const deadline = performance.now() + MOST_SECONDS * 1000;
  for (let from = 0; from < count; from += 10_000) {
    await step(from, Math.min(from + 10_000, count));
    checkMemory();
    if (performance.now() > deadline) throw new TooMuch('more than a minute');
  }
}
