import { extrapolatedGrowth } from '../../storage/increase';
import { unanswerable } from '../failure';
import { KahanSum } from '../kahan';
import type { Window } from '../windows';
import type { RangeFunction } from './over-time';

function growth(window: Window, isCounter: boolean): number | undefined {
  const { times, values, begin, end, from, to } = window;
  return extrapolatedGrowth(times, values, begin, end, from, to, isCounter);
}

function rate(window: Window): number | undefined {
  const value = growth(window, true);
  return value === undefined ? undefined : value / ((window.to - window.from) / 1_000);
}

/** Of the last two samples. */
function irate({ times, values, begin, end }: Window): number | undefined {
  if (end - begin < 2) return undefined;
  const [before, last] = [values[end - 2], values[end - 1]];
  return (last < before ? last : last - before) / ((times[end - 1] - times[end - 2]) / 1_000);
}

function idelta({ values, begin, end }: Window): number | undefined {
  return end - begin < 2 ? undefined : values[end - 1] - values[end - 2];
}

const sums = { x: new KahanSum(), y: new KahanSum(), xy: new KahanSum(), xx: new KahanSum() };

/** The line with the least squares: how it rises per second, and its value at a moment. */
function regression({ times, values, begin, end }: Window, moment: number): { slope: number; value: number } {
  for (const sum of Object.values(sums)) sum.reset();
  const count = end - begin;
  let isConstant = true;
  for (let index = begin; index < end; index++) {
    if (values[index] !== values[begin] && index > begin) isConstant = false;
    const x = (times[index] - moment) / 1_000;
    sums.x.add(x);
    sums.y.add(values[index]);
    sums.xy.add(x * values[index]);
    sums.xx.add(x * x);
  }
  if (isConstant)
    return Math.abs(values[begin]) === Number.POSITIVE_INFINITY
      ? { slope: Number.NaN, value: Number.NaN }
      : { slope: 0, value: values[begin] };
  const [x, y] = [sums.x.exact, sums.y.exact];
  const slope = (sums.xy.exact - (x * y) / count) / (sums.xx.exact - (x * x) / count);
  return { slope, value: y / count - (slope * x) / count };
}

function deriv(window: Window): number | undefined {
  return window.end - window.begin < 2 ? undefined : regression(window, window.times[window.begin]).slope;
}

function predictLinear(window: Window, seconds: number): number | undefined {
  if (window.end - window.begin < 2) return undefined;
  const { slope, value } = regression(window, window.time);
  return slope * seconds + value;
}

/** Double exponential smoothing. */
function holtWinters({ values, begin, end }: Window, smoothing: number, trending: number): number | undefined {
  for (const [name, factor] of Object.entries({ smoothing, trending }))
    if (!(factor > 0 && factor < 1))
      throw unanswerable(`holt_winters(): the ${name} factor must be between 0 and 1, got ${factor}`);
  if (end - begin < 2) return undefined;
  let level = values[begin];
  let trend = values[begin + 1] - values[begin];
  let before = 0;
  for (let index = begin + 1; index < end; index++) {
    if (index > begin + 1) trend = trending * (level - before) + (1 - trending) * trend;
    before = level;
    level = smoothing * values[index] + (1 - smoothing) * (level + trend);
  }
  return level;
}

export const RATES: Readonly<Record<string, RangeFunction>> = {
  delta: (window) => growth(window, false),
  deriv,
  holt_winters: holtWinters,
  idelta,
  increase: (window) => growth(window, true),
  irate,
  predict_linear: predictLinear,
  rate,
};
