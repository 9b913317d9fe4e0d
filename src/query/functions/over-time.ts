import { KahanSum } from '../kahan';
import { quantileOf } from '../quantile';
import type { Window } from '../windows';

/** What a function of a range makes of one window; undefined for nothing. The parameters are those of the step. */
export type RangeFunction = (window: Window, a: number, b: number) => number | undefined;

const sum = new KahanSum();
const squares = new KahanSum();

function sumOverTime({ values, begin, end }: Window): number {
  sum.reset();
  for (let index = begin; index < end; index++) sum.add(values[index]);
  return sum.value;
}

/** The mean is what is added up, so that large values do not become infinite on the way. */
function averageOverTime({ values, begin, end }: Window): number {
  sum.reset();
  let count = 0;
  for (let index = begin; index < end; index++) {
    const value = values[index];
    const mean = sum.sum;
    count++;
    if (isInfinite(mean) && !Number.isNaN(value) && (!isInfinite(value) || mean > 0 === value > 0)) continue;
    sum.add(value / count - mean / count);
  }
  return sum.value;
}

function isInfinite(value: number): boolean {
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
}

function varianceOverTime({ values, begin, end }: Window): number {
  sum.reset();
  squares.reset();
  for (let index = begin; index < end; index++) {
    const distance = values[index] - sum.exact;
    sum.add(distance / (index - begin + 1));
    squares.add(distance * (values[index] - sum.exact));
  }
  return squares.exact / (end - begin);
}

function maximumOverTime({ values, begin, end }: Window): number {
  let most = values[begin];
  for (let index = begin; index < end; index++) if (values[index] > most || Number.isNaN(most)) most = values[index];
  return most;
}

function minimumOverTime({ values, begin, end }: Window): number {
  let least = values[begin];
  for (let index = begin; index < end; index++) if (values[index] < least || Number.isNaN(least)) least = values[index];
  return least;
}

function changes({ values, begin, end }: Window): number {
  let count = 0;
  for (let index = begin + 1; index < end; index++) {
    const [before, now] = [values[index - 1], values[index]];
    if (now !== before && !(Number.isNaN(now) && Number.isNaN(before))) count++;
  }
  return count;
}

function resets({ values, begin, end }: Window): number {
  let count = 0;
  for (let index = begin + 1; index < end; index++) if (values[index] < values[index - 1]) count++;
  return count;
}

export const OVER_TIME: Readonly<Record<string, RangeFunction>> = {
  avg_over_time: averageOverTime,
  changes,
  count_over_time: ({ begin, end }) => end - begin,
  last_over_time: ({ values, end }) => values[end - 1],
  max_over_time: maximumOverTime,
  min_over_time: minimumOverTime,
  present_over_time: () => 1,
  quantile_over_time: ({ values, begin, end }, quantile) => quantileOf(quantile, values.slice(begin, end)),
  resets,
  stddev_over_time: (window) => Math.sqrt(varianceOverTime(window)),
  stdvar_over_time: varianceOverTime,
  sum_over_time: sumOverTime,
};
