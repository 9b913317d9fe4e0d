import type { Node } from './ast';
import type { LabelSet } from './types';

const NONE: readonly LabelSet[] = [];

/**
 * What was last made of the labels of a vector. A node that is evaluated again mostly meets the same labels, the same
 * objects even: to see that takes far less than to look at them.
 */
export class Memory {
  private labels: readonly LabelSet[] | undefined;
  private others: readonly LabelSet[] = NONE;
  private made: unknown;

  /** What `make` makes of the labels, and of those of a second vector. A memory belongs to one maker. */
  of<T>(labels: readonly LabelSet[], make: (labels: readonly LabelSet[]) => T, others = NONE): T {
    if (this.labels === undefined || !areSame(this.labels, labels) || !areSame(this.others, others)) {
      this.made = make(labels);
      this.labels = labels;
      this.others = others;
    }
    return this.made as T;
  }
}

const memories = new WeakMap<Node, Memory>();

/** The memory of a node, which goes with it. */
export function memoryOf(node: Node): Memory {
  let memory = memories.get(node);
  if (memory === undefined) {
    memory = new Memory();
    memories.set(node, memory);
  }
  return memory;
}

function areSame(a: readonly LabelSet[], b: readonly LabelSet[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
