import { readFileSync, writeFileSync } from 'node:fs';

/** Bytes of this process in memory, after a garbage collection. */
export function residentNow(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

/** Begins to watch for the most that this process has in memory. On Linux only: elsewhere the peak since its start is told. */
export function watchPeak(): () => number {
  try {
    // resets the kernel's high-water mark
    writeFileSync('/proc/self/clear_refs', '5');
    return () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  } catch {
    return () => process.resourceUsage().maxRSS * 1024;
  }
}
