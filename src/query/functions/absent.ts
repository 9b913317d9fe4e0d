import { allMatchers, type Node, unwrapped } from '../ast';
import { Block } from '../block';
import type { Budget } from '../budget';
import { NAME, NO_LABELS } from '../labels';
import type { LabelSet } from '../types';

/** Per step, whether any series has a value. */
export async function presenceOf(block: Block): Promise<Uint8Array> {
  const counts = await block.counts();
  block.release();
  return Uint8Array.from(counts, (count) => (count > 0 ? 1 : 0));
}

/** `absent` and `absent_over_time`: 1 at steps without a value, with the labels of the selector's equality matchers. */
export function absent(node: Node, present: Uint8Array, budget: Budget): Block {
  const block = Block.of([absentLabels(node)], present.length, budget);
  block.values.fill(1);
  for (let step = 0; step < present.length; step++) block.present[step] = 1 - present[step];
  return block;
}

/** The labels of equality matchers; a label with several of them is left out. */
function absentLabels(node: Node): LabelSet {
  const inner = unwrapped(node);
  if (inner.kind !== 'selector') return NO_LABELS;
  const labels = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, operator, value } of allMatchers(inner)) {
    if (name === NAME) continue;
    labels.set(name, operator === '=' && !seen.has(name) ? value : '');
    if (operator === '=') seen.add(name);
  }
  return Object.fromEntries([...labels].filter(([, value]) => value !== ''));
}
