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
 * An instant vector at all steps of a grid: the values of series `s` are the cells from `s * steps` on. A cell whose
 * `present` is 0 has no value. The evaluation of a node owns the results of its arguments and may modify them in place.
 */
export class Block {
  constructor(
    readonly labels: readonly LabelSet[],
    readonly steps: number,
    private readonly budget: Budget,
    readonly values = new Float64Array(0),
    readonly present = new Uint8Array(0),
  ) {}

  /** An empty block with room for all cells. */
  static of(labels: readonly LabelSet[], steps: number, budget: Budget): Block {
    const cells = labels.length * steps;
    budget.hold(cells);
    return new Block(labels, steps, budget, new Float64Array(cells), new Uint8Array(cells));
  }

  get count(): number {
    return this.labels.length;
  }

  /** The same cells with other labels; there may be fewer labels than before. */
  labelled(labels: readonly LabelSet[]): Block {
    return new Block(labels, this.steps, this.budget, this.values, this.present);
  }

  /** Returns the memory to the budget; call it when the cells are no longer needed. */
  release(): void {
    this.budget.release(this.values.length);
  }

  /**
   * Visits the cells of each series in batches, between which the event loop turns. The step of a cell is `cell -
   * first`.
   */
  async eachCells(visit: (from: number, to: number, first: number, series: number) => void, work = 1): Promise<void> {
    const { steps, budget } = this;
    const most = Math.ceil(WORK_AT_ONCE / work);
    for (let series = 0, first = 0; series < this.count; series++, first += steps)
      for (let step = 0; step < steps; step += most) {
        const end = Math.min(step + most, steps);
        visit(first + step, first + end, first, series);
        if (budget.spend((end - step) * work + WORK_OF_SERIES)) await budget.turn();
      }
  }

  hasCells(series: number): boolean {
    const end = (series + 1) * this.steps;
    for (let cell = series * this.steps; cell < end; cell++) if (this.present[cell] === 1) return true;
    return false;
  }

  /** The number of series at each step. The caller returns the memory of the result to the budget. */
  async counts(): Promise<Uint32Array> {
    this.budget.hold(this.steps);
    const counts = new Uint32Array(this.steps);
    await this.eachCells((from, to, first) => {
      for (let cell = from; cell < to; cell++) counts[cell - first] += this.present[cell];
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
    await taken.eachCells((from, to, first, at) => {
      const begin = series[at] * steps + from - first;
      taken.values.set(this.values.subarray(begin, begin + to - from), from);
      taken.present.set(this.present.subarray(begin, begin + to - from), from);
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
   * Merges series with the same labels, which an expression may produce at different steps. Throws if two of them have
   * a value at the same step.
   */
  async merged(): Promise<Block> {
    const { labels, budget } = this;
    const numbers = new Numbers(budget);
    const kept: number[] = [];
    const numberOf = new Int32Array(labels.length);
    await budget.each(labels.length, (series) => {
      numbers.charge(labels[series]);
      numberOf[series] = numbers.of(keyOf(labels[series]), series);
      if (numberOf[series] === series) kept.push(series);
    });
    numbers.release();
    if (kept.length === labels.length) return this;
    await this.eachCells((from, to, first, series) => {
      if (numberOf[series] !== series) this.merge(from, to, numberOf[series] * this.steps - first, series);
    });
    return this.take(kept);
  }

  private merge(from: number, to: number, distance: number, series: number): void {
    const { labels, values, present } = this;
    for (let cell = from; cell < to; cell++) {
      if (present[cell] === 0) continue;
      if (present[cell + distance] === 1) throw sameLabels(labels[series]);
      present[cell + distance] = 1;
      values[cell + distance] = values[cell];
    }
  }
}

/** Cached labels without the name, by the labels with it: expressions over the same series share them. */
const unnamed = new WeakMap<LabelSet, LabelSet>();

/** Removes the names. Within one metric, distinct labels stay distinct. */
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

/** Work that is done in one go, of the cells of one series. */
const WORK_AT_ONCE = 10_000;
/** Work of going on to the next series. */
const WORK_OF_SERIES = 2;

function sameLabels(labels: LabelSet): Error {
  return unanswerable(`a vector cannot contain several series with the same labels: ${shown(labels)}`);
}

/** Labels for a message, shortened if necessary. */
export function shown(labels: LabelSet): string {
  const entries = Object.entries(labels).slice(0, 30);
  return JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name, value.slice(0, 200)])));
}
