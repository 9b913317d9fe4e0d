import type { Matching } from '../ast';
import { Block } from '../block';
import type { Budget } from '../budget';
import { Grouping, groupsOf } from '../grouping';
import type { Memory } from '../memory';

const WHOLE: Matching = { on: false, labels: [], include: [] };

/** `and`, `or` and `unless`. */
export async function combineSets(
  operator: string,
  left: Block,
  right: Block,
  matching = WHOLE,
  budget: Budget,
  memory: Memory,
): Promise<Block> {
  const grouping = new Grouping(matching.labels, !matching.on);
  const groups = await memory.of(
    left.labels,
    budget,
    (labels) => groupsOf(labels.concat(right.labels), grouping, budget),
    right.labels,
  );
  const ofLeft = groups.of.subarray(0, left.count);
  const ofRight = groups.of.subarray(left.count);
  const size = groups.labels.length;
  budget.hold(size * left.steps);
  if (operator === 'or') {
    await restrict(right, ofRight, await presence(left, ofLeft, size), 0);
    budget.release(size * left.steps);
    return joined(left, right, budget).merged();
  }
  await restrict(left, ofLeft, await presence(right, ofRight, size), operator === 'and' ? 1 : 0);
  budget.release(size * left.steps);
  right.release();
  return left;
}

/** Per group and step, whether some series of the group has a value. */
async function presence(block: Block, of: Int32Array, groups: number): Promise<Uint8Array> {
  const { present, steps } = block;
  const there = new Uint8Array(groups * steps);
  await block.eachCells((from, to, first, series) => {
    const group = of[series] * steps;
    for (let cell = from; cell < to; cell++) there[group + cell - first] |= present[cell];
  });
  return there;
}

/** Keeps only the values whose group is present, or absent. */
async function restrict(block: Block, of: Int32Array, there: Uint8Array, wanted: 0 | 1): Promise<void> {
  const { present, steps } = block;
  await block.eachCells((from, to, first, series) => {
    const group = of[series] * steps;
    for (let cell = from; cell < to; cell++) if (there[group + cell - first] !== wanted) present[cell] = 0;
  });
}

function joined(left: Block, right: Block, budget: Budget): Block {
  budget.holdEntries(left.count + right.count);
  const result = Block.of(left.labels.concat(right.labels), left.steps, budget);
  result.values.set(left.values);
  result.present.set(left.present);
  result.values.set(right.values, left.values.length);
  result.present.set(right.present, left.values.length);
  left.release();
  right.release();
  return result;
}
