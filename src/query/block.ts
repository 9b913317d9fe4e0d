import type { Budget } from './budget';
import { unanswerable } from './failure';
import { Numbers } from './grouping';
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
  async eachSeries(visit: (from: number, to: number, series: number) => void, work = 0): Promise<void> {
    const { steps, budget } = this;
    for (let series = 0; series < this.count; series++) {
      visit(series * steps, (series + 1) * steps, series);
      if (budget.spend(steps + work)) await budget.turn();
    }
  }

  hasCells(series: number): boolean {
    const end = (series + 1) * this.steps;
    for (let cell = series * this.steps; cell < end; cell++) if (this.present[cell] === 1) return true;
    return false;
  }

  /** How many series there are at each step. The caller gives the steps back to the budget. */
  async counts(): Promise<Uint32Array> {
    this.budget.hold(this.steps);
    const counts = new Uint32Array(this.steps);
    await this.eachSeries((from, to) => {
      for (let cell = from; cell < to; cell++) counts[cell - from] += this.present[cell];
    });
    return counts;
  }

  /** Some of the series, in a new order. */
  async take(series: ArrayLike<number>): Promise<Block> {
    const { steps, budget } = this;
    const labels: LabelSet[] = [];
    budget.holdEntries(series.length);
    await budget.each(series.length, (at) => labels.push(this.labels[series[at]]), 10);
    const taken = Block.of(labels, steps, budget);
    await taken.eachSeries((from, _, at) => {
      const index = series[at];
      taken.values.set(this.values.subarray(index * steps, (index + 1) * steps), from);
      taken.present.set(this.present.subarray(index * steps, (index + 1) * steps), from);
    });
    this.release();
    return taken;
  }

  /** Without the metrics' names. */
  async unnamed(memory: Memory): Promise<Block> {
    const { labels, isOneMetric } = await memory.of(this.labels, this.budget, (all) => unname(all, this.budget));
    const block = this.labelled(labels);
    return isOneMetric ? block : block.merged();
  }

  /**
   * Makes one series of those that have the same labels: an expression may give different ones at different steps.
   * Throws where two have a value at one step.
   */
  async merged(): Promise<Block> {
    const { labels, budget } = this;
    const places = new Numbers(budget);
    const kept: number[] = [];
    await this.eachSeries((_from, _to, series) => {
      places.charge(labels[series]);
      const place = places.of(keyOf(labels[series]), series);
      if (place === series) kept.push(series);
      else this.merge(series, place);
    }, WORK_OF_KEY);
    places.release();
    return kept.length === labels.length ? this : this.take(kept);
  }

  private merge(series: number, place: number): void {
    const { labels, steps, values, present } = this;
    for (let step = 0; step < steps; step++) {
      if (present[series * steps + step] === 0) continue;
      if (present[place * steps + step] === 1) throw sameLabels(labels[series]);
      present[place * steps + step] = 1;
      values[place * steps + step] = values[series * steps + step];
    }
  }
}

/** Labels without the name, as long as those with it: expressions over the same series share them. */
const unnamed = new WeakMap<LabelSet, LabelSet>();

/** The labels of one metric's series differ without its name too. */
export async function unname(
  labels: readonly LabelSet[],
  budget: Budget,
): Promise<{ labels: readonly LabelSet[]; isOneMetric: boolean }> {
  let isOneMetric = true;
  const made = await budget.map(labels, (one) => {
    isOneMetric &&= one[NAME] === labels[0][NAME];
    let without = unnamed.get(one);
    if (without === undefined) {
      budget.holdObject(Object.keys(one).length);
      without = withoutName(one);
      unnamed.set(one, without);
    }
    return without;
  });
  return { labels: made, isOneMetric };
}

/** Work of making the key of one series. */
const WORK_OF_KEY = 200;

function sameLabels(labels: LabelSet): Error {
  return unanswerable(`a vector cannot contain several series with the same labels: ${shown(labels)}`);
}

/** Labels for a message, which is not longer than a reader wants. */
export function shown(labels: LabelSet): string {
  const entries = Object.entries(labels).slice(0, 30);
  return JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name, value.slice(0, 200)])));
}
