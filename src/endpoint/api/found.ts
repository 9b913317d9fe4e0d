import type { Budget } from '../../query/budget';
import { inOrderOf } from '../../query/sorting';

/** The distinct items that a request has found, identified and sorted by a key. */
export class Found<T> {
  private readonly known = new Set<string>();
  private readonly texts: string[] = [];
  private readonly items: T[] = [];

  constructor(private readonly budget: Budget) {}

  /** @param length upper bound of the length of the key from `make`: it is charged before the key is made */
  note(length: number, make: () => string, item: T): void {
    const before = this.budget.heldBytes;
    this.budget.holdObject(2, length);
    const text = make();
    if (this.known.has(text)) {
      this.budget.releaseBytes(this.budget.heldBytes - before);
      return;
    }
    this.known.add(text);
    this.texts.push(text);
    this.items.push(item);
  }

  sorted(): Promise<T[]> {
    return inOrderOf(this.texts, this.items, this.budget);
  }
}
