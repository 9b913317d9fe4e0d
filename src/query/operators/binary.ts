import type { Binary, Matching } from '../ast';
import { Block, type Column } from '../block';
import type { Budget } from '../budget';
import { unanswerable } from '../failure';
import { Grouping, groupsOf } from '../grouping';
import { labelOf, NAME, pick, withLabel, withoutName } from '../labels';
import { COMPARISONS } from '../signatures';
import type { LabelSet } from '../types';
import { OPERATORS } from './arithmetic';

/** What is used of an operation. */
type Operation = Pick<Binary, 'operator' | 'bool' | 'matching'>;

const WHOLE: Matching = { on: false, labels: [], include: [] };

/** A scalar with a scalar. */
export function ofScalars({ operator }: Operation, left: Column, right: Column): Column {
  const apply = OPERATORS[operator];
  return left.map((value, step) => apply(value, right[step]));
}

/** A vector with a scalar, in place; `isSwapped`: the scalar is the left one. */
export function ofVectorAndScalar(operation: Operation, block: Block, scalar: Column, isSwapped: boolean): Block {
  const { operator, bool } = operation;
  const { values, present, count, steps } = block;
  const apply = OPERATORS[operator];
  const filters = COMPARISONS.has(operator) && !bool;
  for (let series = 0, cell = 0; series < count; series++)
    for (let step = 0; step < steps; step++, cell++) {
      const value = isSwapped ? apply(scalar[step], values[cell]) : apply(values[cell], scalar[step]);
      if (!filters) values[cell] = value;
      else if (value === 0) present[cell] = 0;
    }
  return filters ? block : block.unnamed();
}

/** A vector with a vector. */
export async function ofVectors(operation: Operation, left: Block, right: Block, budget: Budget): Promise<Block> {
  const { matching = WHOLE } = operation;
  const isSwapped = matching.many === 'right';
  const [many, one] = isSwapped ? [right, left] : [left, right];
  const pairs = new Pairs(many, one, matching);
  const result = Block.of(pairs.labels(operation), many.steps, budget);
  const { steps } = many;
  pairs.check(steps);
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
  /** Per group, the series of the side of the one. */
  private readonly ones: number[][];

  constructor(
    private readonly manySide: Block,
    private readonly oneSide: Block,
    private readonly matching: Matching,
  ) {
    const grouping = new Grouping(matching.labels, !matching.on);
    const { of, labels } = groupsOf([...oneSide.labels, ...manySide.labels], grouping);
    this.ones = labels.map(() => []);
    for (let series = 0; series < oneSide.count; series++) this.ones[of[series]].push(series);
    for (let series = 0; series < manySide.count; series++) {
      const group = of[oneSide.count + series];
      for (const one of this.ones[group]) {
        this.many.push(series);
        this.one.push(one);
        this.groups.push(group);
      }
    }
  }

  get count(): number {
    return this.many.length;
  }

  /** Throws where several series of the side of the one have a value at a step. */
  check(steps: number): void {
    const { present, labels } = this.oneSide;
    for (const ones of this.ones) {
      if (ones.length < 2) continue;
      for (let step = 0; step < steps; step++) {
        const there = ones.filter((one) => present[one * steps + step] === 1);
        if (there.length < 2 || this.manySide.countAt(step) === 0) continue;
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

  /** Of the results. */
  labels({ operator, bool }: Operation): LabelSet[] {
    const { on, labels: names, many, include } = this.matching;
    const keepsName = COMPARISONS.has(operator) && !bool;
    const matched = new Set(names);
    return this.many.map((series, pair) => {
      let labels = this.manySide.labels[series];
      if (!keepsName) labels = withoutName(labels);
      if (many === undefined && (on || names.length > 0)) labels = pick(labels, (name) => matched.has(name) === on);
      for (const name of include) labels = withLabel(labels, name, labelOf(this.oneSide.labels[this.one[pair]], name));
      return name(labels, bool);
    });
  }
}

/** A name that came in from the other side goes, too, where the result is no sample of a metric. */
function name(labels: LabelSet, bool: boolean): LabelSet {
  return bool && Object.hasOwn(labels, NAME) ? withoutName(labels) : labels;
}
