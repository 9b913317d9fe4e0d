import type { Contender, LabelledMetric, Metric } from './contender';

const nothing = (): void => {};
const metric: Metric & LabelledMetric = { run: nothing, record: nothing, read: () => ({ count: 0 }) };

/** No metrics at all: what a program is without any. */
export const contender: Contender = {
  title: 'no metrics',
  kinds: [],
  open: () => ({ plain: () => metric, labelled: () => metric }),
};
