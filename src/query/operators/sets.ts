import type { Matching } from '../ast';
import { Block } from '../block';
import type { Budget } from '../budget';
import { Grouping, groupsOf } from '../grouping';
import type { Memory } from '../memory';

const WHOLE: Matching = { on: false, labels: [], include: [] };

/** `and`, `or` and `unless`. */
export function combineSets(
  operator: string,
  left: Block,
  right: Block,
  matching = WHOLE,
  budget: Budget,
  memory: Memory,
): Block {
  const grouping = new Grouping(matching.labels, !matching.on);
  const groups = memory.of([...left.labels, ...right.labels], (labels) => groupsOf(labels, grouping));
  const ofLeft = groups.of.subarray(0, left.count);
  const ofRight = groups.of.subarray(left.count);
  const size = groups.labels.length;
  if (operator === 'or') {
    restrict(right, ofRight, presence(left, ofLeft, size), 0);
    return joined(left, right, budget).merged();
  }
  restrict(left, ofLeft, presence(right, ofRight, size), operator === 'and' ? 1 : 0);
  right.release();
  return left;
}

/** Per group and step, whether some series of the group has a value. */
function presence({ present, steps, count }: Block, of: Int32Array, groups: number): Uint8Array {
  const there = new Uint8Array(groups * steps);
  for (let series = 0; series < count; series++)
    for (let step = 0; step < steps; step++) there[of[series] * steps + step] |= present[series * steps + step];
  return there;
}

/** Leaves only the values whose group is there, or is not. */
function restrict({ present, steps, count }: Block, of: Int32Array, there: Uint8Array, wanted: 0 | 1): void {
  for (let series = 0; series < count; series++)
    for (let step = 0; step < steps; step++)
      if (there[of[series] * steps + step] !== wanted) present[series * steps + step] = 0;
}

function joined(left: Block, right: Block, budget: Budget): Block {
  const result = Block.of([...left.labels, ...right.labels], left.steps, budget);
  result.values.set(left.values.subarray(0, left.count * left.steps));
  result.present.set(left.present.subarray(0, left.count * left.steps));
  result.values.set(right.values.subarray(0, right.count * right.steps), left.count * left.steps);
  result.present.set(right.present.subarray(0, right.count * right.steps), left.count * left.steps);
  left.release();
  right.release();
  return result;
}
