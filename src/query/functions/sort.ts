import type { Block } from '../block';
import type { Budget } from '../budget';
import { compare } from '../operators/selections';
import { sortSlowly } from '../sorting';

/** `sort` and `sort_desc`: NaN last. A range query sorts by labels, whatever the expression. */
export async function sorted(block: Block, sign: number, budget: Budget): Promise<Block> {
  if (block.steps !== 1) return block;
  const order: number[] = [];
  budget.holdEntries(block.count);
  const visit = (series: number): void => {
    if (block.present[series] === 1) order.push(series);
  };
  await budget.each(block.count, visit, 2);
  await sortSlowly(order, (a, b) => compare(block.values[a], block.values[b], sign), budget);
  return block.take(order);
}
