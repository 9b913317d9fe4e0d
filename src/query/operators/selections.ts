import { formatFixed } from '../../common/format-float';
import { LABEL_NAME } from '../../common/names';
import { Block, type Column } from '../block';
import type { Budget } from '../budget';
import { unanswerable } from '../failure';
import { Grouping, type Groups, Numbers } from '../grouping';
import { keyOf, withLabel } from '../labels';
import { quantileSlowly } from '../quantile-slowly';
import { sortSlowly } from '../sorting';
import type { LabelSet } from '../types';

/** The series of each group. */
async function membersOf({ labels, of }: Groups, budget: Budget): Promise<number[][]> {
  budget.holdEntries(of.length);
  const members = await budget.map(labels, (): number[] => {
    budget.holdObject(1);
    return [];
  });
  await budget.each(of.length, (series) => members[of[series]].push(series), 10);
  return members;
}

/** The series of a group that have a value at a step. */
async function presentOf(block: Block, series: readonly number[], step: number, budget: Budget): Promise<number[]> {
  const { present, steps } = block;
  const there: number[] = [];
  const visit = (at: number): void => {
    if (present[series[at] * steps + step] === 1) there.push(series[at]);
  };
  await budget.each(series.length, visit, 2);
  return there;
}

/** `topk` and `bottomk`: an instant vector is sorted by value within each group. NaN comes last. */
export async function selectExtremes(
  operator: string,
  block: Block,
  parameter: Column,
  groups: Groups,
  budget: Budget,
): Promise<Block> {
  const { values, present, steps } = block;
  const sign = operator === 'topk' ? 1 : -1;
  const order: number[] = [];
  // even without series: an invalid parameter is always refused
  await budget.each(steps, (step) => countOf(parameter[step]), 2);
  for (const series of await membersOf(groups, budget)) {
    budget.holdEntries(series.length);
    for (let step = 0; step < steps; step++) {
      const most = Math.max(countOf(parameter[step]), 0);
      const there = await presentOf(block, series, step, budget);
      const at = (one: number): number => values[one * steps + step];
      await sortSlowly(there, (a, b) => compare(at(a), at(b), sign), budget);
      for (let place = most; place < there.length; place++) present[there[place] * steps + step] = 0;
      if (steps === 1) await budget.each(Math.min(most, there.length), (place) => order.push(there[place]), 2);
    }
  }
  return steps === 1 ? block.take(order) : block;
}

function countOf(value: number): number {
  if (value >= -(2 ** 63) && value <= 2 ** 63) return Math.trunc(value);
  throw unanswerable(`the parameter of topk and bottomk must fit into a 64-bit integer, got ${value}`);
}

/** The larger one first, or with a negative sign the smaller one; NaN last. */
export function compare(a: number, b: number, sign: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  return Number.isNaN(b) || a === b ? (a === b ? 0 : -1) : (a > b ? -1 : 1) * sign;
}

/** `quantile` */
export async function quantiles(block: Block, parameter: Column, groups: Groups, budget: Budget): Promise<Block> {
  const { values, steps } = block;
  const members = await membersOf(groups, budget);
  const result = Block.of(groups.labels, steps, budget);
  for (const [group, series] of members.entries()) {
    budget.holdEntries(2 * series.length);
    for (let step = 0; step < steps; step++) {
      const there = await presentOf(block, series, step, budget);
      if (there.length === 0) continue;
      const gathered = new Float64Array(there.length);
      const visit = (at: number): void => {
        gathered[at] = values[there[at] * steps + step];
      };
      await budget.each(there.length, visit, 2);
      result.values[group * steps + step] = await quantileSlowly(parameter[step], gathered, budget);
      result.present[group * steps + step] = 1;
    }
  }
  block.release();
  return result;
}

/** `count_values` */
export async function countValues(
  block: Block,
  label: string,
  { labels: names, without }: { labels: readonly string[]; without: boolean },
  budget: Budget,
): Promise<Block> {
  if (!LABEL_NAME.test(label)) throw unanswerable(`count_values: ${JSON.stringify(label)} is not a valid label name`);
  const { values, present, steps } = block;
  const grouping = new Grouping(without ? names : [...names, label], without);
  const numbers = new Numbers(budget);
  const labels: LabelSet[] = [];
  budget.hold(values.length);
  const numberOf = new Int32Array(values.length);
  const visit = (cell: number): void => {
    if (present[cell] === 0) return;
    const text = formatFixed(values[cell]);
    const series = block.labels[Math.floor(cell / steps)];
    const group = grouping.labels(withLabel(series, label, text));
    numbers.charge(group);
    numberOf[cell] = numbers.of(keyOf(group), labels.length);
    if (numberOf[cell] < labels.length) return;
    budget.holdObject(Object.keys(group).length, text.length);
    budget.hold(steps);
    labels.push(group);
  };
  await budget.each(values.length, visit);
  numbers.release();
  budget.release(labels.length * steps);
  const result = Block.of(labels, steps, budget);
  const count = (cell: number): void => {
    if (present[cell] === 0) return;
    const place = numberOf[cell] * steps + (cell % steps);
    result.values[place]++;
    result.present[place] = 1;
  };
  await budget.each(values.length, count, 2);
  budget.release(values.length);
  block.release();
  return result;
}
