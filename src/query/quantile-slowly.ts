import type { Budget } from './budget';
import { quantileOfSorted } from './quantile';
import { sortSlowly } from './sorting';

/** `quantileOf`, which lets the event loop turn in between. Sorts the values. */
export async function quantileSlowly(quantile: number, values: Float64Array, budget: Budget): Promise<number> {
  await sortSlowly<number>(values, ascending, budget);
  return quantileOfSorted(quantile, values);
}

/** NaN last. */
function ascending(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  return Number.isNaN(b) || a < b ? -1 : a > b ? 1 : 0;
}
