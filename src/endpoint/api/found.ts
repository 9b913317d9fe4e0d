import type { Budget } from '../../query/budget';
import { inOrderOf } from '../../query/sorting';

/** What a request has found, each once, told apart and sorted by a text. */
export class Found<T> {
  private readonly known = new Set<string>();
  private readonly texts: string[] = [];
  private readonly items: T[] = [];

  constructor(private readonly budget: Budget) {}

  /** @param length of the text that `make` makes, or somewhat more: it is charged before there is one */
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
