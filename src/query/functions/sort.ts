import type { Block } from '../block';
import { compare } from '../operators/selections';

/** `sort` and `sort_desc`: NaN last. A range query sorts by labels, whatever the expression. */
export function sorted(block: Block, sign: number): Block {
  if (block.steps !== 1) return block;
  const order = block.labels.flatMap((_, series) => (block.present[series] === 1 ? [series] : []));
  return block.take(order.sort((a, b) => compare(block.values[a], block.values[b], sign)));
}
