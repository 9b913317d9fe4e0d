import type { Binary, Matching } from '../ast';
import { Block, type Column, shown } from '../block';
import type { Budget } from '../budget';
import { unanswerable } from '../failure';
import { Grouping, groupsOf } from '../grouping';
import { NAME } from '../labels';
import type { Memory } from '../memory';
import { ARITHMETIC, COMPARISONS } from '../signatures';
import type { LabelSet } from '../types';
import { OPERATORS } from './arithmetic';

/** The parts of an operation that are used. */
type Operation = Pick<Binary, 'operator' | 'bool' | 'matching'>;

const WHOLE: Matching = { on: false, labels: [], many: undefined, include: [] };

function dropsName({ operator, bool }: Operation): boolean {
  return bool || ARITHMETIC.has(operator);
}

/** A scalar with a scalar, in place of the left one. */
export async function ofScalars({ operator }: Operation, left: Column, right: Column, budget: Budget): Promise<Column> {
  const apply = OPERATORS[operator];
  const visit = (step: number): void => {
    left[step] = apply(left[step], right[step]);
  };
  await budget.each(left.length, visit, 1);
  budget.release(right.length);
  return left;
}

/** A vector with a scalar, in place; `isSwapped`: the scalar is the left one. */
export async function ofVectorAndScalar(
  operation: Operation,
  block: Block,
  scalar: Column,
  isSwapped: boolean,
  budget: Budget,
  memory: Memory,
): Promise<Block> {
  const { operator, bool } = operation;
  const { values, present } = block;
  const apply = OPERATORS[operator];
  const filters = COMPARISONS.has(operator) && !bool;
  await block.eachCells((from, to, first) => {
    for (let cell = from; cell < to; cell++) {
      const one = scalar[cell - first];
      const value = isSwapped ? apply(one, values[cell]) : apply(values[cell], one);
      if (!filters) values[cell] = value;
      else if (value === 0) present[cell] = 0;
    }
  });
  budget.release(scalar.length);
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
  const make = async (): Promise<Pairs> => {
    const groups = await MatchGroups.of(one.labels, many.labels, matching, budget);
    // checked before pairs are made: a many-to-many match could have as many pairs as the product
    await groups.check(one, many, budget);
    return Pairs.of(groups, one.labels, many.labels, operation, budget);
  };
  const pairs = await memory.of(one.labels, budget, make, many.labels);
  await pairs.groups.check(one, many, budget);
  const { steps } = many;
  const result = Block.of(pairs.labels, steps, budget);
  await result.eachCells((from, to, first, pair) => {
    const [manyAt, oneAt] = [pairs.many[pair] * steps - first, pairs.one[pair] * steps - first];
    const [leftAt, rightAt] = isSwapped ? [oneAt, manyAt] : [manyAt, oneAt];
    fill(operation, { left, leftAt, right, rightAt, result, from, to });
  });
  if (matching.many === undefined) await pairs.checkUnique(result, budget);
  left.release();
  right.release();
  return result.merged();
}

/** A range of result cells, and the offsets from them to their operands. */
interface Cells {
  left: Block;
  leftAt: number;
  right: Block;
  rightAt: number;
  result: Block;
  from: number;
  to: number;
}

function fill({ operator, bool }: Operation, { left, leftAt, right, rightAt, result, from, to }: Cells): void {
  const apply = OPERATORS[operator];
  const filters = COMPARISONS.has(operator) && !bool;
  for (let cell = from; cell < to; cell++) {
    if (left.present[leftAt + cell] === 0 || right.present[rightAt + cell] === 0) continue;
    const value = apply(left.values[leftAt + cell], right.values[rightAt + cell]);
    if (filters && value === 0) continue;
    result.values[cell] = filters ? left.values[leftAt + cell] : value;
    result.present[cell] = 1;
  }
}

/** Which series are in one group. */
class MatchGroups {
  private constructor(
    /** The group of each series: first those of the "one" side, then those of the "many" side. */
    readonly of: Int32Array,
    /** Per group, the series of the "one" side. */
    readonly ones: readonly number[][],
    private readonly matching: Matching,
    private readonly hasSeveral: boolean,
  ) {}

  static async of(
    one: readonly LabelSet[],
    many: readonly LabelSet[],
    matching: Matching,
    budget: Budget,
  ): Promise<MatchGroups> {
    const grouping = new Grouping(matching.labels, !matching.on);
    const { of, labels } = await groupsOf(one.concat(many), grouping, budget);
    const ones = await budget.map(labels, (): number[] => {
      budget.holdObject(1);
      return [];
    });
    let hasSeveral = false;
    const visit = (series: number): void => {
      if (ones[of[series]].push(series) > 1) hasSeveral = true;
    };
    await budget.each(one.length, visit, 10);
    return new MatchGroups(of, ones, matching, hasSeveral);
  }

  /** Throws if several series of the "one" side have a value at the same step. */
  async check(block: Block, many: Block, budget: Budget): Promise<void> {
    if (!this.hasSeveral) return;
    const counts = await many.counts();
    for (const ones of this.ones) {
      if (ones.length < 2) continue;
      const visit = (step: number): void => {
        if (counts[step] > 0) this.checkStep(block, ones, step);
      };
      await budget.each(block.steps, visit, ones.length);
    }
    budget.release(block.steps);
  }

  private checkStep({ present, labels, steps }: Block, ones: readonly number[], step: number): void {
    let before = -1;
    for (const one of ones) {
      if (present[one * steps + step] === 0) continue;
      if (before >= 0) {
        const side = this.matching.many === 'right' ? 'left' : 'right';
        throw unanswerable(
          `several series on the ${side} side have the same match group, only one is allowed: ${shown(labels[before])}, ${shown(labels[one])}`,
        );
      }
      before = one;
    }
  }
}

/** The pairs of matching series of both sides. */
class Pairs {
  /** Per pair, the series. */
  readonly many: number[] = [];
  readonly one: number[] = [];
  /** Of the results. */
  readonly labels: LabelSet[] = [];
  /** Of the groups. */
  private readonly numbers: number[] = [];
  /** Whether no group has several pairs. */
  private isUnique = true;

  private constructor(readonly groups: MatchGroups) {}

  static async of(
    groups: MatchGroups,
    one: readonly LabelSet[],
    many: readonly LabelSet[],
    operation: Operation,
    budget: Budget,
  ): Promise<Pairs> {
    const pairs = new Pairs(groups);
    const result = new ResultLabels(operation, budget);
    budget.holdEntries(groups.ones.length);
    const met = new Uint8Array(groups.ones.length);
    for (let series = 0; series < many.length; series++) {
      const group = groups.of[one.length + series];
      const partners = groups.ones[group];
      await budget.each(partners.length, (at) => {
        budget.holdEntries(4);
        if (met[group] === 1) pairs.isUnique = false;
        met[group] = 1;
        pairs.labels.push(result.of(many[series], one[partners[at]]));
        pairs.many.push(series);
        pairs.one.push(partners[at]);
        pairs.numbers.push(group);
      });
      if (budget.spend(10)) await budget.turn();
    }
    return pairs;
  }

  get count(): number {
    return this.many.length;
  }

  /** Throws where several series of one group have a result at a step. */
  async checkUnique({ present, steps }: Block, budget: Budget): Promise<void> {
    if (this.isUnique) return;
    const seen = new Map<number, Uint8Array>();
    const before = budget.heldBytes;
    await budget.each(
      this.count,
      (pair) => {
        const own = present.subarray(pair * steps, (pair + 1) * steps);
        const others = seen.get(this.numbers[pair]);
        if (others !== undefined) return addUnique(own, others);
        budget.holdObject(4, steps);
        seen.set(this.numbers[pair], own.slice());
      },
      steps + 20,
    );
    budget.releaseBytes(budget.heldBytes - before);
  }
}

function addUnique(own: Uint8Array, others: Uint8Array): void {
  for (let step = 0; step < own.length; step++) {
    if (own[step] === 0) continue;
    if (others[step] === 1)
      throw unanswerable('several series match the same series of the other side: use group_left or group_right');
    others[step] = 1;
  }
}

/** Makes the labels of the result of two series. */
class ResultLabels {
  private readonly names: ReadonlySet<string>;
  private readonly include: ReadonlySet<string>;
  private readonly dropsName: boolean;
  private readonly picks: boolean;

  constructor(
    private readonly operation: Operation,
    private readonly budget: Budget,
  ) {
    const { operator, bool, matching = WHOLE } = operation;
    this.names = new Set(matching.labels);
    this.include = new Set(matching.include);
    this.dropsName = bool || ARITHMETIC.has(operator);
    this.picks = matching.many === undefined && (matching.on || this.names.size > 0);
  }

  of(many: LabelSet, one: LabelSet): LabelSet {
    const { names, include, picks, dropsName, budget } = this;
    const { on } = this.operation.matching ?? WHOLE;
    budget.holdObject(Object.keys(many).length + Math.min(include.size, Object.keys(one).length));
    const isLeft = (name: string): boolean =>
      !include.has(name) && !(dropsName && name === NAME) && (!picks || names.has(name) === on);
    const entries = Object.entries(many).filter(([name]) => isLeft(name));
    if (include.size > 0)
      for (const [name, value] of Object.entries(one))
        if (include.has(name) && value !== '' && !(this.operation.bool && name === NAME)) entries.push([name, value]);
    return Object.fromEntries(entries);
  }
}
