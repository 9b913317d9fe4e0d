import type { Block, Column, Grid } from './block';
import type { Budget } from './budget';
import { keyLength, sortKey } from './labels';
import { inOrderOf } from './sorting';
import type { LabelSet, QueryResult, RangeResult } from './types';
import type { Ranges } from './windows';

type Samples = { labels: LabelSet; times: number[]; values: number[] };

/** The one step of an instant query. */
export async function instantOf(
  { labels, values, present }: Block,
  time: number,
  budget: Budget,
): Promise<QueryResult> {
  const samples: { labels: LabelSet; time: number; value: number }[] = [];
  await budget.each(labels.length, (series) => {
    if (present[series] === 0) return;
    budget.holdObject(3);
    samples.push({ labels: labels[series], time, value: values[series] });
  });
  return { type: 'vector', samples };
}

/** All steps of a range query, the series in the order of their labels. */
export async function matrixOf(block: Block, { start, step }: Grid, budget: Budget): Promise<RangeResult> {
  const { values, present } = block;
  const series: Samples[] = [];
  let result: Samples | undefined;
  await block.eachCells((from, to, first, index) => {
    if (from === first) result = undefined;
    for (let cell = from; cell < to; cell++) {
      if (present[cell] === 0) continue;
      if (result === undefined) {
        result = emptyOf(block.labels[index], budget);
        series.push(result);
      }
      budget.holdEntries(1);
      result.times.push(start + (cell - first) * step);
      result.values.push(values[cell]);
    }
  }, 5);
  return { type: 'matrix', series: await inOrderOfLabels(series, budget) };
}

async function inOrderOfLabels(series: readonly Samples[], budget: Budget): Promise<Samples[]> {
  const before = budget.heldBytes;
  const keys = await budget.map(series, ({ labels }) => {
    budget.holdBytes(keyLength(labels));
    return sortKey(labels);
  });
  const sorted = await inOrderOf(keys, series, budget);
  budget.releaseBytes(budget.heldBytes - before);
  return sorted;
}

/** A scalar at all steps of a range query. */
export async function columnOf(column: Column, { start, step }: Grid, budget: Budget): Promise<RangeResult> {
  const result = emptyOf({}, budget);
  budget.holdEntries(column.length);
  const visit = (at: number): void => {
    result.times.push(start + at * step);
    result.values.push(column[at]);
  };
  await budget.each(column.length, visit, 2);
  return { type: 'matrix', series: [result] };
}

/** The samples of the one range of an instant query. */
export async function samplesOf({ lines, range, ends }: Ranges, budget: Budget): Promise<RangeResult> {
  const isInside = (time: number): boolean => time >= ends.first - range && time <= ends.first;
  const series: Samples[] = [];
  for (const { labels, times, values } of lines) {
    let result: Samples | undefined;
    const visit = (at: number): void => {
      if (!isInside(times[at])) return;
      if (result === undefined) {
        result = emptyOf(labels, budget);
        series.push(result);
      }
      budget.holdEntries(1);
      result.times.push(times[at]);
      result.values.push(values[at]);
    };
    await budget.each(times.length, visit, 2);
  }
  return { type: 'matrix', series };
}

function emptyOf(labels: LabelSet, budget: Budget): Samples {
  budget.holdObject(7);
  return { labels, times: [], values: [] };
}
