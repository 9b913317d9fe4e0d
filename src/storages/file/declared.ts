/** The series of one metric that a file has been told, by index in the family and by number in the file. */
export class DeclaredSeries {
  private readonly indexes: number[] = [];
  /** By index: 1 more than the number, 0 for none. Every flush asks for every series: a Map would take ten times as long. */
  private numbers = new Int32Array(0);
  /** How many of them are in the file for certain. */
  private kept = 0;

  /** Makes room for the indexes below `count`. */
  reserve(count: number): void {
    if (count <= this.numbers.length) return;
    const numbers = new Int32Array(Math.max(count, this.numbers.length * 2));
    numbers.set(this.numbers);
    this.numbers = numbers;
  }

  /** @returns whether the file has not been told the series yet; it has a number from now on */
  add(index: number): boolean {
    if (this.numbers[index] !== 0) return false;
    this.numbers[index] = this.indexes.push(index);
    return true;
  }

  numberOf(index: number): number {
    return this.numbers[index] - 1;
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
    for (let number = this.kept; number < this.indexes.length; number++) this.numbers[this.indexes[number]] = 0;
    this.indexes.length = this.kept;
  }

  get isNew(): boolean {
    return this.kept === 0;
  }
}
