import { Block, type Column } from '../block';
import type { Budget } from '../budget';
import { unanswerable } from '../failure';
import { Grouping, type Groups } from '../grouping';
import { isLabelName, keyOf, withLabel } from '../labels';
import { quantileOf } from '../quantile';
import type { LabelSet } from '../types';

/** The series of each group. */
function membersOf({ labels, of }: Groups): number[][] {
  const members: number[][] = labels.map(() => []);
  for (let series = 0; series < of.length; series++) members[of[series]].push(series);
  return members;
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
  const members = membersOf(groups);
  const sign = operator === 'topk' ? 1 : -1;
  const counts = parameter.map(countOf);
  const order: number[] = [];
  for (const series of members) {
    for (let step = 0; step < steps; step++) {
      const there = series.filter((one) => present[one * steps + step] === 1);
      const at = (one: number): number => values[one * steps + step];
      there.sort((a, b) => compare(at(a), at(b), sign));
      for (const one of there.splice(Math.max(counts[step], 0))) present[one * steps + step] = 0;
      if (steps === 1) order.push(...there);
    }
    if (budget.spend(series.length * steps * 10)) await budget.turn();
  }
  return steps === 1 ? block.take(order) : block;
}

function countOf(value: number): number {
  if (value >= -(2 ** 63) && value <= 2 ** 63) return Math.trunc(value);
  throw unanswerable(`topk and bottomk need a number of series, got ${value}`);
}

/** The larger one first, or with a negative sign the smaller one; NaN last. */
export function compare(a: number, b: number, sign: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  return Number.isNaN(b) || a === b ? (a === b ? 0 : -1) : (a > b ? -1 : 1) * sign;
}

/** `quantile` */
export async function quantiles(block: Block, parameter: Column, groups: Groups, budget: Budget): Promise<Block> {
  const { values, present, steps } = block;
  const members = membersOf(groups);
  const result = Block.of(groups.labels, steps, budget);
  for (const [group, series] of members.entries()) {
    const gathered = new Float64Array(series.length);
    for (let step = 0; step < steps; step++) {
      let count = 0;
      for (const one of series) if (present[one * steps + step] === 1) gathered[count++] = values[one * steps + step];
      if (count === 0) continue;
      result.values[group * steps + step] = quantileOf(parameter[step], gathered.subarray(0, count));
      result.present[group * steps + step] = 1;
    }
    if (budget.spend(series.length * steps * 10)) await budget.turn();
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
  if (!isLabelName(label)) throw unanswerable(`count_values: ${JSON.stringify(label)} is no name of a label`);
  const { values, present, steps } = block;
  const grouping = new Grouping(without ? names : [...names, label], without);
  const places = new Map<string, number>();
  const labels: LabelSet[] = [];
  const cells: { place: number; step: number }[] = [];
  for (let series = 0; series < block.count; series++) {
    for (let step = 0; step < steps; step++) {
      if (present[series * steps + step] === 0) continue;
      const text = formatDecimal(values[series * steps + step]);
      const group = grouping.labels(withLabel(block.labels[series], label, text));
      const key = keyOf(group);
      let place = places.get(key);
      if (place === undefined) {
        place = labels.push(group) - 1;
        places.set(key, place);
        budget.hold(steps);
      }
      cells.push({ place, step });
    }
    if (budget.spend(steps * 50)) await budget.turn();
  }
  budget.release(labels.length * steps);
  const result = Block.of(labels, steps, budget);
  for (const { place, step } of cells) {
    result.values[place * steps + step]++;
    result.present[place * steps + step] = 1;
  }
  block.release();
  return result;
}

/** The shortest digits that read back as the same number, without an exponent: as Go's format 'f'. */
export function formatDecimal(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Math.abs(value) === Number.POSITIVE_INFINITY) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value));
  if (match === null) return String(value);
  const [, sign, whole, fraction = '', exponent] = match;
  const power = Number(exponent);
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(power, '0')}`;
}
