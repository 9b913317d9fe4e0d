import type { Node } from './ast';
import type { Budget } from './budget';
import { type Forgettable, keep, touch } from './kept';
import type { LabelSet } from './types';

const NONE: readonly LabelSet[] = [];

/** A cached result, and the labels from which it was made. */
interface Made {
  readonly labels: readonly LabelSet[];
  readonly others: readonly LabelSet[];
  readonly value: unknown;
  readonly bytes: number;
}

/**
 * Caches the last result of a node over the labels of a vector. A repeated evaluation mostly meets the same label
 * objects: comparing identities is far cheaper than reading the labels. All caches of a thread share one bound.
 */
export class Memory implements Forgettable {
  private made: Made | undefined;

  /** The result of `make` for the labels (and those of a second vector), cached. Always pass the same `make`. */
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

/** The cache of a node; garbage collected with the node. */
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
