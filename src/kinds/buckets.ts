import { PAGE_WORDS } from '../arena/layout';
import { RingmeterError, shown } from '../common/errors';

/** Most bounds of a histogram: their cells and some other words have to fit into one page of cells. */
export const MAX_BUCKETS = PAGE_WORDS - 64;

/** The customary bounds for durations in seconds (those of Prometheus clients). */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * `count` bounds, `width` apart: `linearBuckets(0, 10, 4)` is `[0, 10, 20, 30]`.
 *
 * @throws RingmeterError RINGMETER_INVALID_BUCKETS
 */
export function linearBuckets(start: number, width: number, count: number): number[] {
  checkCount(count);
  checkNumbers({ start, width });
  return checkBuckets(Array.from({ length: count }, (_, index) => sumOf(start, index * width)));
}

/**
 * `count` bounds, each `factor` times the one before: `exponentialBuckets(1, 2, 4)` is `[1, 2, 4, 8]`.
 *
 * @throws RingmeterError RINGMETER_INVALID_BUCKETS
 */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  checkCount(count);
  checkNumbers({ start, factor });
  return checkBuckets(Array.from({ length: count }, (_, index) => tidy(start * factor ** index)));
}

/** Significant decimal digits that every double preserves. */
const DIGITS = 15;

/**
 * Adds two numbers and rounds away the floating-point error: -0.3 and three times 0.1 are 0. The larger operand decides
 * which digits are kept; the size of the sum does not tell, where the operands cancel each other out.
 */
function sumOf(one: number, other: number): number {
  const largest = Math.max(Math.abs(one), Math.abs(other));
  const decimals = DIGITS - 1 - Math.floor(Math.log10(largest));
  const sum = one + other;
  return decimals >= 0 && decimals <= 100 ? tidy(Number(sum.toFixed(decimals))) : tidy(sum);
}

/** Rounds away the floating-point error, so that three times 0.1 is the label "0.3". */
function tidy(bound: number): number {
  return Number(bound.toPrecision(DIGITS));
}

function checkNumbers(values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values))
    if (typeof value !== 'number')
      throw new RingmeterError('RINGMETER_INVALID_BUCKETS', `${name} must be a number, got ${shown(value)}`);
}

function checkCount(count: unknown): void {
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > MAX_BUCKETS)
    throw new RingmeterError(
      'RINGMETER_INVALID_BUCKETS',
      `count must be an integer from 1 to ${MAX_BUCKETS}, got ${shown(count)}`,
    );
}

/**
 * Copies bucket bounds; a final +Infinity, which every histogram has anyway, is left out.
 *
 * @throws RingmeterError RINGMETER_INVALID_BUCKETS
 */
export function checkBuckets(buckets: unknown): number[] {
  const fail = (message: string): never => {
    throw new RingmeterError('RINGMETER_INVALID_BUCKETS', message);
  };
  if (!Array.isArray(buckets)) return fail(`buckets must be an array of numbers, got ${shown(buckets)}`);
  // Array.from turns the holes of a sparse array into undefined
  const bounds: unknown[] = Array.from(buckets.at(-1) === Number.POSITIVE_INFINITY ? buckets.slice(0, -1) : buckets);
  if (bounds.length === 0 || bounds.length > MAX_BUCKETS)
    return fail(`buckets must have 1 to ${MAX_BUCKETS} finite bounds, got ${bounds.length}`);
  return bounds.map((bound, index) => {
    if (typeof bound !== 'number' || !Number.isFinite(bound))
      return fail(`bucket bounds must be finite numbers, got ${shown(bound)} at ${index}`);
    if (index > 0 && bound <= (bounds[index - 1] as number))
      return fail(`bucket bounds must increase, got ${bound} after ${bounds[index - 1]} at ${index}`);
    return bound === 0 ? 0 : bound;
  });
}
