import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { VALUE_MASK, values } from '../workload';
import type { Contender, Metric } from './contender';

/** Takes whole numbers only: the same values in 1024ths of a second. */
const whole = Float64Array.from(values, (value) => value * 1024);

/** Node's own histogram: one distribution without labels, written in C++. */
export const contender: Contender = {
  title: 'perf_hooks.createHistogram',
  kinds: ['histogram'],
  open: () => ({
    plain: () => metricOf(createHistogram()),
    labelled: () => {
      throw new Error('it has no labels');
    },
  }),
};

function metricOf(histogram: RecordableHistogram): Metric {
  return {
    run: (order) => {
      for (let i = 0; i < order.length; i++) histogram.record(whole[i & VALUE_MASK]);
    },
    read: () => ({ count: histogram.count }),
  };
}
