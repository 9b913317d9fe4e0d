import type { Kind, Total } from '../contenders/contender';
import { VALUE_MASK, values } from '../workload';

/** The account of what one metric was made to record, kept beside it, outside of what is timed. */
export class Ledger {
  private count = 0;
  private sum = 0;
  /** Of gauges: the present value of every series. */
  private readonly last: Float64Array;

  constructor(
    private readonly kind: Kind,
    series: number,
  ) {
    this.last = new Float64Array(kind === 'gauge' ? series : 0);
  }

  /** One run of a loop over `order`. */
  account(order: Int32Array): void {
    this.count += order.length;
    for (let i = 0; i < order.length; i++) {
      const value = values[i & VALUE_MASK];
      this.sum += value;
      if (this.kind === 'gauge') this.last[order[i]] = value;
    }
  }

  /** Says what is wrong with what was read back, if anything is. */
  differs(total: Total): string | undefined {
    if (this.kind === 'gauge') {
      const level = this.last.reduce((sum, value) => sum + value, 0);
      return total.sum === level ? undefined : `levels of ${level} set, ${total.sum} read back`;
    }
    if (total.count !== this.count) return `${this.count} recorded, ${total.count} read back`;
    if (this.kind === 'counter' || total.sum === undefined || total.sum === this.sum) return undefined;
    return `a sum of ${this.sum} recorded, ${total.sum} read back`;
  }
}
