/** The label value that replaces all values beyond the bound. */
export const OTHER = '__other__';

/** Bounds the cardinality of a label with foreign values: keeps the first so many, or those of a list. */
export class BoundedLabel {
  private readonly known: Set<string>;
  private readonly most: number;

  /** @param bound the allowed values, or their number */
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
