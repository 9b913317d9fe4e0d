/**
 * A compensated (Kahan-Neumaier) sum, as in Prometheus' `sum_over_time`.
 * Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", 1974.
 */
export class KahanSum {
  sum = 0;
  private rest = 0;

  reset(): void {
    this.sum = 0;
    this.rest = 0;
  }

  add(value: number): void {
    const sum = this.sum + value;
    this.rest += Math.abs(this.sum) >= Math.abs(value) ? this.sum - sum + value : value - sum + this.sum;
    this.sum = sum;
  }

  /** The sum plus its compensation, even if that is not finite. */
  get exact(): number {
    return this.sum + this.rest;
  }

  /** The sum plus its compensation; an infinite sum ignores the compensation. */
  get value(): number {
    return this.sum === Number.POSITIVE_INFINITY || this.sum === Number.NEGATIVE_INFINITY ? this.sum : this.exact;
  }
}
