import { labelsOf, type RequestLabels, SERIES_MASK, VALUE_MASK, values } from '../workload';
import type { Benchmark, Contender, Session } from './contender';

/**
 * What nothing that keeps a number can be faster than: one plain store into a typed array, and for the label rows the
 * caller's own making of its label object besides. It says how fast this machine is, and what of the bytes is the
 * caller's.
 */
export const contender: Contender = {
  title: 'floor',
  open(): Session {
    const store: Benchmark['run'] = (records) => {
      for (let i = 0; i < records; i++) cells[i & SERIES_MASK] = values[i & VALUE_MASK];
    };
    const storeWithLabels: Benchmark['run'] = (records) => {
      for (let i = 0; i < records; i++) {
        lastLabels = labelsOf(i);
        cells[i & SERIES_MASK] = values[i & VALUE_MASK];
      }
    };
    return {
      countsBytes: true,
      benchmarks: {
        store: { kind: 'gauge', run: store, read: sumOfCells },
        'store, label object': { kind: 'gauge', run: storeWithLabels, read: sumOfCells },
      },
    };
  },
};

const cells = new Float64Array(SERIES_MASK + 1);
/** Exported, so that V8 cannot leave out the object. */
export let lastLabels: RequestLabels | undefined;

function sumOfCells(): { sum: number } {
  return { sum: cells.reduce((sum, value) => sum + value, 0) };
}
