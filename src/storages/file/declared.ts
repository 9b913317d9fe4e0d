/** The series of one metric that are declared in a file: by index in the family, and by number in the file. */
export class DeclaredSeries {
  private readonly indexes: number[] = [];
  /** By index: number + 1, 0 = not declared. Every flush looks up every series: a Map would take ten times as long. */
  private numbers = new Int32Array(0);
  /** By index: the start that the file has for the series. */
  private starts = new Float64Array(0);
  /** The indexes of series whose start is declared by the flush that is being written. */
  private readonly begun: number[] = [];
  /** How many of them belong to flushes that have been written. */
  private kept = 0;

  /** Makes room for the indexes below `count`. */
  reserve(count: number): void {
    if (count <= this.numbers.length) return;
    const numbers = new Int32Array(Math.max(count, this.numbers.length * 2));
    numbers.set(this.numbers);
    this.numbers = numbers;
    const starts = new Float64Array(numbers.length);
    starts.set(this.starts);
    this.starts = starts;
  }

  /** Gives the series a number if it has none. @returns whether the series still has to be declared in the file */
  add(index: number): boolean {
    if (this.numbers[index] !== 0) return false;
    this.numbers[index] = this.indexes.push(index);
    return true;
  }

  /** Notes since when a series counts. @returns whether that still has to be declared in the file */
  begin(index: number, start: number): boolean {
    if (this.starts[index] === start) return false;
    this.starts[index] = start;
    this.begun.push(index);
    return true;
  }

  numberOf(index: number): number {
    return this.numbers[index] - 1;
  }

  /** In the order of their numbers. */
  all(): readonly number[] {
    return this.indexes;
  }

  /** Called after a flush has been written to the file. */
  keep(): void {
    this.kept = this.indexes.length;
    this.begun.length = 0;
  }

  /** Forgets the declarations of a flush whose writing failed. */
  rollBack(): void {
    for (const index of this.begun) this.starts[index] = 0;
    this.begun.length = 0;
    for (let number = this.kept; number < this.indexes.length; number++) this.numbers[this.indexes[number]] = 0;
    this.indexes.length = this.kept;
  }

  get isNew(): boolean {
    return this.kept === 0;
  }
}
