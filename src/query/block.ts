import type { Budget } from './budget';
import { unanswerable } from './failure';
import { keyOf, NAME, withoutName } from './labels';
import type { Memory } from './memory';
import type { LabelSet } from './types';

/** The moments at which an expression is evaluated, in milliseconds. */
export interface Grid {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** A scalar at the steps of a grid. */
export type Column = Float64Array;

/**
 * An instant vector at all the steps of a grid: the values of series `s` are the cells from `s * steps` on. A cell in
 * which `present` is 0 is none. Whoever evaluates a node owns what its arguments gave, and may change it in place.
 */
export class Block {
  constructor(
    readonly labels: readonly LabelSet[],
    readonly steps: number,
    private readonly budget: Budget,
    readonly values = new Float64Array(0),
    readonly present = new Uint8Array(0),
  ) {}

  /** An empty one, with room for all cells. */
  static of(labels: readonly LabelSet[], steps: number, budget: Budget): Block {
    const cells = labels.length * steps;
    budget.hold(cells);
    return new Block(labels, steps, budget, new Float64Array(cells), new Uint8Array(cells));
  }

  get count(): number {
    return this.labels.length;
  }

  /** The same cells with other labels, which may be fewer. */
  labelled(labels: readonly LabelSet[]): Block {
    return new Block(labels, this.steps, this.budget, this.values, this.present);
  }

  /** To be called when the cells are not needed any more. */
  release(): void {
    this.budget.release(this.values.length);
  }

  /** Visits the cells of each series, from `from` to before `to`, and lets the event loop turn in between. */
  async eachSeries(visit: (from: number, to: number, series: number) => void): Promise<void> {
    const { steps, budget } = this;
    for (let series = 0; series < this.count; series++) {
      visit(series * steps, (series + 1) * steps, series);
      if (budget.spend(steps)) await budget.turn();
    }
  }

  hasCells(series: number): boolean {
    const end = (series + 1) * this.steps;
    for (let cell = series * this.steps; cell < end; cell++) if (this.present[cell] === 1) return true;
    return false;
  }

  /** How many series there are at a step. */
  countAt(step: number): number {
    let count = 0;
    for (let cell = step; cell < this.present.length; cell += this.steps) count += this.present[cell];
    return count;
  }

  /** Some of the series, in a new order. */
  take(series: readonly number[]): Block {
    const { steps } = this;
    const taken = Block.of(
      series.map((index) => this.labels[index]),
      steps,
      this.budget,
    );
    series.forEach((index, at) => {
      taken.values.set(this.values.subarray(index * steps, (index + 1) * steps), at * steps);
      taken.present.set(this.present.subarray(index * steps, (index + 1) * steps), at * steps);
    });
    this.release();
    return taken;
  }

  /** Without the metrics' names. */
  unnamed(memory: Memory): Block {
    const { labels, isOneMetric } = memory.of(this.labels, unname);
    const block = this.labelled(labels);
    return isOneMetric ? block : block.merged();
  }

  /**
   * Makes one series of those that have the same labels: an expression may give different ones at different steps.
   * Throws where two have a value at one step.
   */
  merged(): Block {
    const { labels, steps, values, present } = this;
    const places = new Map<string, number>();
    const kept: number[] = [];
    for (let series = 0; series < labels.length; series++) {
      const key = keyOf(labels[series]);
      const place = places.get(key);
      if (place === undefined) {
        places.set(key, series);
        kept.push(series);
        continue;
      }
      for (let step = 0; step < steps; step++) {
        if (present[series * steps + step] === 0) continue;
        if (present[place * steps + step] === 1) throw sameLabels(labels[series]);
        present[place * steps + step] = 1;
        values[place * steps + step] = values[series * steps + step];
      }
    }
    return kept.length === labels.length ? this : this.take(kept);
  }
}

/** Of one metric's series, what differed differs still. */
export function unname(labels: readonly LabelSet[]): { labels: readonly LabelSet[]; isOneMetric: boolean } {
  const isOneMetric = labels.every((one) => one[NAME] === labels[0][NAME]);
  return { labels: labels.map(withoutName), isOneMetric };
}

function sameLabels(labels: LabelSet): Error {
  return unanswerable(`a vector cannot contain several series with the same labels: ${JSON.stringify(labels)}`);
}
