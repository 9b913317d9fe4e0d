import { type Branch, type LabelList, LabelTree, NOWHERE, UNLABELLED } from './label-tree';
import { NumberTable } from './number-table';

/** Places that the index may add to the tree for each series: more than some orders of names and spellings need. */
const PLACES_PER_SERIES = 8;
/** For metrics that may have very few series. */
const LEAST_PLACES = 1_024;
/** An index may look for its label sets among so many times as many of other metrics, and among so many in any case. */
const SPARSEST = 32;
const FEW_SETS = 16_384;

/** What the events of a series begin with. */
export interface EventStart {
  /** First half-word: operation and series id. Never 0. */
  readonly code: number;
  /** Int32Array index of the shared epoch; 0 but for gauges. */
  readonly epoch: number;
}

/**
 * From a caller's label object to the events of a metric's series, on one thread.
 *
 * The metrics of a collector share a tree of label sets, since what a request does to several of them it mostly does with
 * the same labels: then only the first look-up fetches that way from memory, which with very many label sets is most of what
 * a record costs (three counters in turn, 60,000 label sets at random: 280 ns a record, and 610 with a tree for each).
 *
 * A metric that has only few of very many label sets should have a tree of its own: its numbers would be far apart.
 *
 * It is a cache: one series has no end of spellings (`{ a: '' }` is `{}` for every name `a`), so each metric adds only so
 * many.
 */
export class LabelIndex {
  private readonly codes = new NumberTable();
  private readonly epochs = new NumberTable();
  private placesLeft: number;
  /** Label sets of this metric, each as often as it was inserted. */
  private inserted = 0;
  /** Where this metric's label sets begin, mostly. */
  private usual: Branch | undefined;

  /**
   * @param series most series that there can be
   * @param tree which other metrics may have too
   */
  constructor(
    series: number,
    private readonly tree = new LabelTree(),
  ) {
    this.placesLeft = LEAST_PLACES + series * PLACES_PER_SERIES;
  }

  /** The number of a label set in the tree, which may have no series of this metric; NOWHERE if there is none. */
  find(labels: Readonly<Record<string, unknown>>): number {
    return this.tree.find(labels, this.usual);
  }

  /** The code of the events of a label set's series, by its number; 0 if it was not inserted. */
  code(set: number): number {
    return this.codes.get(set);
  }

  /** The epoch of a label set's series, by its number. */
  epoch(set: number): number {
    return this.epochs.get(set);
  }

  /**
   * Remembers the series of a label set that has been checked, if there is room. Not of one with lone surrogates: those are
   * spellings of U+FFFD, and what comes with them is noise.
   *
   * @returns false if the tree has so many label sets of other metrics that this one should have a tree of its own
   */
  insert(labels: LabelList, { code, epoch }: EventStart): boolean {
    const set = labels.size === 0 ? UNLABELLED : this.add(labels);
    if (set === NOWHERE) return true;
    this.inserted++;
    if (set > FEW_SETS && set > SPARSEST * this.inserted) return false;
    this.codes.set(set, code);
    if (epoch !== 0) this.epochs.set(set, epoch);
    return true;
  }

  private add(labels: LabelList): number {
    const { names, values, size } = labels;
    if (size > this.placesLeft) return NOWHERE;
    for (let index = 0; index < size; index++) if (isIllFormed(values[index])) return NOWHERE;
    const before = this.tree.size;
    const set = this.tree.add(labels);
    this.placesLeft -= this.tree.size - before;
    this.usual = this.tree.beginning(names[0]);
    return set;
  }

  /** Forgets the series of a label set, in this order of names and these spellings. */
  delete({ names, values, size }: LabelList): void {
    const labels = Object.fromEntries(names.slice(0, size).map((name, index) => [name, values[index]]));
    this.codes.set(size === 0 ? UNLABELLED : this.find(labels), 0);
  }
}

function isIllFormed(value: unknown): boolean {
  return typeof value === 'string' && !value.isWellFormed();
}
