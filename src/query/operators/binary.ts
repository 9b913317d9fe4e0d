import type { Binary, Matching } from '../ast';
import { Block, type Column } from '../block';
import type { Budget } from '../budget';
import { unanswerable } from '../failure';
import { Grouping, groupsOf } from '../grouping';
import { labelOf, pick, withLabel, withoutName } from '../labels';
import type { Memory } from '../memory';
import { ARITHMETIC, COMPARISONS } from '../signatures';
import type { LabelSet } from '../types';
import { OPERATORS } from './arithmetic';

/** What is used of an operation. */
type Operation = Pick<Binary, 'operator' | 'bool' | 'matching'>;

const WHOLE: Matching = { on: false, labels: [], include: [] };

function dropsName({ operator, bool }: Operation): boolean {
  return bool || ARITHMETIC.has(operator);
}

/** A scalar with a scalar. */
export function ofScalars({ operator }: Operation, left: Column, right: Column): Column {
  const apply = OPERATORS[operator];
  return left.map((value, step) => apply(value, right[step]));
}

/** A vector with a scalar, in place; `isSwapped`: the scalar is the left one. */
export async function ofVectorAndScalar(
  operation: Operation,
  block: Block,
  scalar: Column,
  isSwapped: boolean,
  memory: Memory,
): Promise<Block> {
  const { operator, bool } = operation;
  const { values, present } = block;
  const apply = OPERATORS[operator];
  const filters = COMPARISONS.has(operator) && !bool;
  await block.eachSeries((from, to) => {
    for (let cell = from; cell < to; cell++) {
      const one = scalar[cell - from];
      const value = isSwapped ? apply(one, values[cell]) : apply(values[cell], one);
      if (!filters) values[cell] = value;
      else if (value === 0) present[cell] = 0;
    }
  });
  return dropsName(operation) ? block.unnamed(memory) : block;
}

/** A vector with a vector. */
export async function ofVectors(
  operation: Operation,
  left: Block,
  right: Block,
  budget: Budget,
  memory: Memory,
): Promise<Block> {
  const { matching = WHOLE } = operation;
  const isSwapped = matching.many === 'right';
  const [many, one] = isSwapped ? [right, left] : [left, right];
  const pairs = memory.of(one.labels, (labels) => new Pairs(labels, many.labels, operation), many.labels);
  const { steps } = many;
  const result = Block.of(pairs.labels, steps, budget);
  pairs.check(one, many);
  for (let pair = 0; pair < pairs.count; pair++) {
    const [manyAt, oneAt] = [pairs.many[pair] * steps, pairs.one[pair] * steps];
    const [leftAt, rightAt] = isSwapped ? [oneAt, manyAt] : [manyAt, oneAt];
    fill(operation, { left, leftAt, right, rightAt, result, at: pair * steps });
    if (budget.spend(steps)) await budget.turn();
  }
  if (matching.many === undefined) pairs.checkUnique(result);
  left.release();
  right.release();
  return result.merged();
}

interface Cells {
  left: Block;
  leftAt: number;
  right: Block;
  rightAt: number;
  result: Block;
  at: number;
}

function fill({ operator, bool }: Operation, { left, leftAt, right, rightAt, result, at }: Cells): void {
  const apply = OPERATORS[operator];
  const filters = COMPARISONS.has(operator) && !bool;
  for (let step = 0; step < result.steps; step++) {
    if (left.present[leftAt + step] === 0 || right.present[rightAt + step] === 0) continue;
    const value = apply(left.values[leftAt + step], right.values[rightAt + step]);
    if (filters && value === 0) continue;
    result.values[at + step] = filters ? left.values[leftAt + step] : value;
    result.present[at + step] = 1;
  }
}

/** Which series of the one side meet which ones of the other. */
class Pairs {
  /** Per pair, the series. */
  readonly many: number[] = [];
  readonly one: number[] = [];
  private readonly groups: number[] = [];
  /** Of the results. */
  readonly labels: readonly LabelSet[];
  /** Per group, the series of the side of the one. */
  private readonly ones: number[][];
  private readonly matching: Matching;

  constructor(one: readonly LabelSet[], many: readonly LabelSet[], operation: Operation) {
    const { matching = WHOLE } = operation;
    const { of, labels } = groupsOf([...one, ...many], new Grouping(matching.labels, !matching.on));
    this.matching = matching;
    this.ones = labels.map(() => []);
    for (let series = 0; series < one.length; series++) this.ones[of[series]].push(series);
    for (let series = 0; series < many.length; series++) {
      const group = of[one.length + series];
      for (const partner of this.ones[group]) {
        this.many.push(series);
        this.one.push(partner);
        this.groups.push(group);
      }
    }
    this.labels = this.many.map((series, pair) => resultOf(operation, many[series], one[this.one[pair]]));
  }

  get count(): number {
    return this.many.length;
  }

  /** Throws where several series of the side of the one have a value at a step. */
  check({ present, labels, steps }: Block, many: Block): void {
    for (const ones of this.ones) {
      if (ones.length < 2) continue;
      for (let step = 0; step < steps; step++) {
        const there = ones.filter((one) => present[one * steps + step] === 1);
        if (there.length < 2 || many.countAt(step) === 0) continue;
        const [a, b] = there.map((one) => JSON.stringify(labels[one]));
        const side = this.matching.many === 'right' ? 'left' : 'right';
        throw unanswerable(`several series on the ${side} side match one another, which must be one: ${a}, ${b}`);
      }
    }
  }

  /** Throws where several series of one group have a result at a step. */
  checkUnique({ present, steps }: Block): void {
    const seen = new Map<number, Uint8Array>();
    this.groups.forEach((group, pair) => {
      const own = present.subarray(pair * steps, (pair + 1) * steps);
      const others = seen.get(group);
      if (others === undefined) {
        seen.set(group, own.slice());
        return;
      }
      for (let step = 0; step < steps; step++) {
        if (own[step] === 0) continue;
        if (others[step] === 1)
          throw unanswerable('several series match the same one: that needs group_left or group_right');
        others[step] = 1;
      }
    });
  }
}

/** The labels of what becomes of two series. */
function resultOf({ operator, bool, matching = WHOLE }: Operation, many: LabelSet, one: LabelSet): LabelSet {
  const { on, labels: names, include } = matching;
  let labels = ARITHMETIC.has(operator) ? withoutName(many) : many;
  if (matching.many === undefined && (on || names.length > 0))
    labels = pick(labels, (name) => names.includes(name) === on);
  for (const name of include) labels = withLabel(labels, name, labelOf(one, name));
  return bool ? withoutName(labels) : labels;
}
