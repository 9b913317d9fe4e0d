import { KahanSum } from '../kahan';
import { quantileOf } from '../quantile';
import type { Window } from '../windows';

/** A function over the samples of one range. It gets them in batches, since there may be millions. */
export interface RangeFunction {
  begin(window: Window): void;
  /** The samples from index `from` to before `to`, each once and in their order. */
  add(window: Window, from: number, to: number): void;
  /** The result; undefined if there is none. */
  end(window: Window): number | undefined;
}

const nothing = (): void => {};

/** A function that looks at some samples only. */
export function ofFew(end: RangeFunction['end']): () => RangeFunction {
  return () => ({ begin: nothing, add: nothing, end });
}

function sumOverTime(): RangeFunction {
  const sum = new KahanSum();
  return {
    begin: () => sum.reset(),
    add({ values }, from, to) {
      for (let index = from; index < to; index++) sum.add(values[index]);
    },
    end: () => sum.value,
  };
}

/** Accumulates the mean instead of the sum, so that large values do not overflow to infinity. */
function averageOverTime(): RangeFunction {
  const sum = new KahanSum();
  return {
    begin: () => sum.reset(),
    add({ values, begin }, from, to) {
      for (let index = from; index < to; index++) {
        const value = values[index];
        const mean = sum.sum;
        const count = index - begin + 1;
        if (isInfinite(mean) && !Number.isNaN(value) && (!isInfinite(value) || mean > 0 === value > 0)) continue;
        sum.add(value / count - mean / count);
      }
    },
    end: () => sum.value,
  };
}

function isInfinite(value: number): boolean {
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
}

function varianceOverTime(finish: (variance: number) => number): () => RangeFunction {
  return () => {
    const sum = new KahanSum();
    const squares = new KahanSum();
    return {
      begin() {
        sum.reset();
        squares.reset();
      },
      add({ values, begin }, from, to) {
        for (let index = from; index < to; index++) {
          const distance = values[index] - sum.exact;
          sum.add(distance / (index - begin + 1));
          squares.add(distance * (values[index] - sum.exact));
        }
      },
      end: ({ begin, end }) => finish(squares.exact / (end - begin)),
    };
  };
}

/** The minimum or maximum; NaN only if all values are NaN. */
function extremeOverTime(sign: 1 | -1): () => RangeFunction {
  return () => {
    let extreme = 0;
    return {
      begin({ values, begin }) {
        extreme = values[begin];
      },
      add({ values }, from, to) {
        let most = extreme;
        for (let index = from; index < to; index++)
          if (sign * values[index] > sign * most || Number.isNaN(most)) most = values[index];
        extreme = most;
      },
      end: () => extreme,
    };
  };
}

/** Counts the pairs of consecutive samples that fulfil a condition. */
function countOfSteps(counts: (before: number, now: number) => boolean): () => RangeFunction {
  return () => {
    let count = 0;
    return {
      begin() {
        count = 0;
      },
      add({ values, begin }, from, to) {
        for (let index = Math.max(from, begin + 1); index < to; index++)
          if (counts(values[index - 1], values[index])) count++;
      },
      end: () => count,
    };
  };
}

export const OVER_TIME: Readonly<Record<string, () => RangeFunction>> = {
  avg_over_time: averageOverTime,
  changes: countOfSteps((before, now) => now !== before && !(Number.isNaN(now) && Number.isNaN(before))),
  count_over_time: ofFew(({ begin, end }) => end - begin),
  last_over_time: ofFew(({ values, end }) => values[end - 1]),
  max_over_time: extremeOverTime(1),
  min_over_time: extremeOverTime(-1),
  present_over_time: ofFew(() => 1),
  // long ranges are sorted by `overRanges`
  quantile_over_time: ofFew(({ values, begin, end, a }) => quantileOf(a, values.slice(begin, end))),
  resets: countOfSteps((before, now) => now < before),
  stddev_over_time: varianceOverTime(Math.sqrt),
  stdvar_over_time: varianceOverTime((variance) => variance),
  sum_over_time: sumOverTime,
};
