/** What stands for every value beyond the bound. */
export const OTHER = '__other__';

/** Values of a label that others choose: the first so many, or those of a list, stand for themselves. */
export class BoundedLabel {
  private readonly known: Set<string>;
  private readonly most: number;

  /** @param bound the values there may be, or how many */
  constructor(bound: readonly string[] | number) {
    this.known = new Set(typeof bound === 'number' ? [] : bound);
    this.most = typeof bound === 'number' ? bound : 0;
  }

  of(value: string): string {
    if (this.known.has(value)) return value;
    if (this.known.size >= this.most) return OTHER;
    this.known.add(value);
    return value;
  }
}
