import { allMatchers, type Node, unwrapped } from '../ast';
import { Block } from '../block';
import type { Budget } from '../budget';
import { NAME, NO_LABELS, withLabel } from '../labels';
import type { LabelSet } from '../types';

/** Per step, whether there is some series. */
export function presenceOf(block: Block): Uint8Array {
  const present = Uint8Array.from({ length: block.steps }, (_, step) => (block.countAt(step) > 0 ? 1 : 0));
  block.release();
  return present;
}

/** `absent` and `absent_over_time`: 1 where nothing is, with the labels that the selector asks for. */
export function absent(node: Node, present: Uint8Array, budget: Budget): Block {
  const block = Block.of([absentLabels(node)], present.length, budget);
  block.values.fill(1);
  for (let step = 0; step < present.length; step++) block.present[step] = 1 - present[step];
  return block;
}

/** A label for which several values are asked has none. */
function absentLabels(node: Node): LabelSet {
  const inner = unwrapped(node);
  let labels = NO_LABELS;
  if (inner.kind !== 'selector') return labels;
  const seen = new Set<string>();
  for (const { name, operator, value } of allMatchers(inner)) {
    if (name === NAME) continue;
    const isFirst = operator === '=' && !seen.has(name);
    labels = withLabel(labels, name, isFirst ? value : '');
    if (isFirst) seen.add(name);
  }
  return labels;
}
