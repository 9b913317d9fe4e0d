/** The series of one metric that a file has been told, by index in the family and by number in the file. */
export class DeclaredSeries {
  private readonly indexes: number[] = [];
  private readonly numbers = new Map<number, number>();
  /** How many of them are in the file for certain. */
  private kept = 0;

  /** @returns whether the file has not been told the series yet; it has a number from now on */
  add(index: number): boolean {
    if (this.numbers.has(index)) return false;
    this.numbers.set(index, this.indexes.length);
    this.indexes.push(index);
    return true;
  }

  numberOf(index: number): number {
    return this.numbers.get(index)!;
  }

  /** In the order of their numbers. */
  all(): readonly number[] {
    return this.indexes;
  }

  /** Called when a flush is in the file. */
  keep(): void {
    this.kept = this.indexes.length;
  }

  /** Forgets the series of a flush that did not get into the file. */
  rollBack(): void {
    for (const index of this.indexes.splice(this.kept)) this.numbers.delete(index);
  }

  get isNew(): boolean {
    return this.kept === 0;
  }
}
