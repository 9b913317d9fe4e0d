import { unanswerable } from '../failure';
import { extrapolated } from '../increase';
import { KahanSum } from '../kahan';
import type { Window } from '../windows';
import { ofFew, type RangeFunction } from './over-time';

/** `delta`; and for counters `increase` and `rate`, which add the value before each reset. */
function growth(isCounter: boolean, finish = (value: number, _window: Window): number => value): () => RangeFunction {
  return () => {
    let grown = 0;
    return {
      begin({ values, begin, end }) {
        grown = values[end - 1] - values[begin];
      },
      add({ values, begin }, from, to) {
        if (!isCounter) return;
        let sum = grown;
        for (let index = Math.max(from, begin + 1); index < to; index++)
          if (values[index] < values[index - 1]) sum += values[index - 1];
        grown = sum;
      },
      end(window) {
        const value = extrapolated(window, grown, isCounter);
        return value === undefined ? undefined : finish(value, window);
      },
    };
  };
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

/**
 * Linear regression by least squares: the slope per second, and the value at a given time.
 *
 * @param momentOf the origin of the time axis
 */
function regression(
  momentOf: (window: Window) => number,
  finish: (line: { slope: number; value: number }, a: number) => number,
): () => RangeFunction {
  return () => {
    const sums = { x: new KahanSum(), y: new KahanSum(), xy: new KahanSum(), xx: new KahanSum() };
    let isConstant = true;
    return {
      begin() {
        for (const sum of Object.values(sums)) sum.reset();
        isConstant = true;
      },
      add(window, from, to) {
        const { times, values, begin } = window;
        const moment = momentOf(window);
        for (let index = from; index < to; index++) {
          if (values[index] !== values[begin] && index > begin) isConstant = false;
          const x = (times[index] - moment) / 1_000;
          sums.x.add(x);
          sums.y.add(values[index]);
          sums.xy.add(x * values[index]);
          sums.xx.add(x * x);
        }
      },
      end({ values, begin, end, a }) {
        if (end - begin < 2) return undefined;
        return finish(isConstant ? constant(values[begin]) : lineOf(sums, end - begin), a);
      },
    };
  };
}

function constant(value: number): { slope: number; value: number } {
  return Math.abs(value) === Number.POSITIVE_INFINITY ? { slope: Number.NaN, value: Number.NaN } : { slope: 0, value };
}

function lineOf(sums: Record<'x' | 'y' | 'xy' | 'xx', KahanSum>, count: number): { slope: number; value: number } {
  const [x, y] = [sums.x.exact, sums.y.exact];
  const slope = (sums.xy.exact - (x * y) / count) / (sums.xx.exact - (x * x) / count);
  return { slope, value: y / count - (slope * x) / count };
}

/** Double exponential smoothing. */
function holtWinters(): RangeFunction {
  let level = 0;
  let trend = 0;
  let before = 0;
  return {
    begin({ values, begin, a, b }) {
      checkFactors(a, b);
      level = values[begin];
      trend = values[begin + 1] - values[begin];
      before = 0;
    },
    add({ values, begin, a: smoothing, b: trending }, from, to) {
      for (let index = Math.max(from, begin + 1); index < to; index++) {
        if (index > begin + 1) trend = trending * (level - before) + (1 - trending) * trend;
        before = level;
        level = smoothing * values[index] + (1 - smoothing) * (level + trend);
      }
    },
    end: ({ begin, end }) => (end - begin < 2 ? undefined : level),
  };
}

function checkFactors(smoothing: number, trending: number): void {
  for (const [name, factor] of Object.entries({ smoothing, trending }))
    if (!(factor > 0 && factor < 1))
      throw unanswerable(`holt_winters(): the ${name} factor must be between 0 and 1, got ${factor}`);
}

export const RATES: Readonly<Record<string, () => RangeFunction>> = {
  delta: growth(false),
  deriv: regression(
    ({ times, begin }) => times[begin],
    ({ slope }) => slope,
  ),
  holt_winters: holtWinters,
  idelta: ofFew(idelta),
  increase: growth(true),
  irate: ofFew(irate),
  predict_linear: regression(
    ({ time }) => time,
    ({ slope, value }, seconds) => slope * seconds + value,
  ),
  rate: growth(true, (value, { from, to }) => value / ((to - from) / 1_000)),
};
