import type { Node } from './ast';
import type { Budget } from './budget';
import { type Forgettable, keep, touch } from './kept';
import type { LabelSet } from './types';

const NONE: readonly LabelSet[] = [];

/** What was made of some labels. */
interface Made {
  readonly labels: readonly LabelSet[];
  readonly others: readonly LabelSet[];
  readonly value: unknown;
  readonly bytes: number;
}

/**
 * What was last made of the labels of a vector. A node that is evaluated again mostly meets the same labels, the same
 * objects even: to see that takes far less than to look at them. What all memories of a thread keep is bounded.
 */
export class Memory implements Forgettable {
  private made: Made | undefined;

  /** What `make` makes of the labels, and of those of a second vector. A memory belongs to one maker. */
  async of<T>(
    labels: readonly LabelSet[],
    budget: Budget,
    make: (labels: readonly LabelSet[]) => Promise<T>,
    others = NONE,
  ): Promise<T> {
    const known = this.made;
    if (known !== undefined && areSame(known.labels, labels) && areSame(known.others, others)) {
      touch(this);
      budget.holdBytes(known.bytes);
      return known.value as T;
    }
    const before = budget.heldBytes;
    budget.holdEntries(labels.length + others.length);
    const value = await make(labels);
    const bytes = budget.heldBytes - before;
    this.made = keep(this, bytes) ? { labels, others, value, bytes } : undefined;
    return value;
  }

  forget(): void {
    this.made = undefined;
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
