import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { median } from './statistics';

const PASSES = 7;
/** No shorter run than this: the reading's own noise is some bytes. */
const FEWEST_RECORDS = 128;

/**
 * Bytes of V8's heap that `run` allocates per record: growth of the used heap over one run after a full collection, less
 * the reading's own growth. `done` is told of every run. A run in which the garbage collector came tells nothing; a shorter one is tried then.
 */
export async function bytesPerRecord(
  run: (records: number) => void,
  mostRecords: number,
  done: (records: number) => void,
): Promise<number> {
  const own = median(await passesOf(() => heapGrowth(() => {})));
  let records = mostRecords;
  while (records >= FEWEST_RECORDS) {
    const passes = await passesOf(async () => {
      const growth = await heapGrowth(() => run(records));
      done(records);
      return growth;
    });
    if (passes.length > PASSES / 2) return Math.max((median(passes) - own) / records, 0);
    records /= 2;
  }
  return Number.NaN;
}

/** The passes that the garbage collector left alone. */
async function passesOf(pass: () => Promise<number | undefined>): Promise<number[]> {
  const passes: number[] = [];
  for (let i = 0; i < PASSES; i++) {
    const growth = await pass();
    if (growth !== undefined) passes.push(growth);
  }
  return passes;
}

async function heapGrowth(action: () => void): Promise<number | undefined> {
  if (globalThis.gc === undefined) throw new Error('bytes can only be counted with --expose-gc');
  globalThis.gc();
  const collections = await watchCollections();
  const before = process.memoryUsage().heapUsed;
  action();
  const growth = process.memoryUsage().heapUsed - before;
  return (await collections()) === 0 ? growth : undefined;
}

/** @returns ends the watch, and tells how many collections began since it started */
async function watchCollections(): Promise<() => Promise<number>> {
  let seen = 0;
  const observer = new PerformanceObserver((list) => {
    seen += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  // entries arrive with the event loop's next turns: let those of before go by
  await turn();
  await turn();
  seen = 0;
  return async () => {
    await turn();
    await turn();
    observer.disconnect();
    return seen;
  };
}
