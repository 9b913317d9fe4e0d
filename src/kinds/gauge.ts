import type { Arena } from '../arena/arena';
import { int } from '../arena/layout';
import type { Baseline } from './baseline';
import { readValue, VALUE_COLUMN } from './counter';
import type { Definition } from './definition';
import { GAUGE } from './gauge-cells';
import { GaugeMerge } from './gauge-merge';
import type { Kind } from './kind';
import type { OnMerged, SeriesMerger, SeriesNumbers } from './merger';
import type { ShardCells } from './shard-cells';

/**
 * Folds a `set` or an addition, which is stamped with the epoch of the `set` before. See `fold`.
 *
 * If an event's epoch differs from that of the cells, it is later: a thread's events are folded in the order of
 * recording, and the epochs that a thread sees only grow. So epochs are compared only for equality, and may wrap.
 *
 * @param set the value of a `set` (always finite); NaN for an addition
 */
export function foldGauge(
  arena: Arena,
  cell: number,
  epoch: number,
  set: number,
  added: number,
  progress: number,
  done: number,
  isShared: boolean,
): boolean {
  const { i32, f64 } = arena;
  const epochs = int(cell + GAUGE.EPOCHS);
  const isNew = epoch !== i32[epochs];
  const value = f64[cell + GAUGE.VALUE];
  const sum = f64[cell + GAUGE.ADDED];
  const oldEpoch = i32[isNew ? epochs : epochs + 1];
  const oldValue = isNew ? value : f64[cell + GAUGE.OLD_VALUE];
  const oldSum = isNew ? sum : f64[cell + GAUGE.OLD_ADDED];
  const newValue = isNew || !Number.isNaN(set) ? set : value;
  const newSum = isNew ? added : sum + added;
  const sequence = int(cell);
  const version = i32[sequence] | 1;
  if (isShared) Atomics.exchange(i32, sequence, version);
  else i32[sequence] = version;
  f64[cell + GAUGE.OLD_VALUE] = oldValue;
  f64[cell + GAUGE.OLD_ADDED] = oldSum;
  i32[epochs + 1] = oldEpoch;
  i32[epochs] = epoch;
  f64[cell + GAUGE.VALUE] = newValue;
  f64[cell + GAUGE.ADDED] = newSum;
  if (isShared) Atomics.store(i32, sequence, (version + 1) | 0);
  else i32[sequence] = (version + 1) | 0;
  f64[progress] = done;
  return true;
}

class GaugeMerger implements SeriesMerger {
  private readonly newest: GaugeMerge;

  constructor(private readonly cells: ShardCells) {
    this.newest = new GaugeMerge(cells.arena.maxThreads * 2);
  }

  merge(
    out: Float64Array,
    { ids, columns, epochs }: SeriesNumbers,
    _definition: Definition,
    { from, to }: { from: number; to: number },
    onMerged?: OnMerged,
  ): void {
    const { newest } = this;
    const { i32 } = this.cells.arena;
    for (let index = from; index < to; index++) {
      newest.reset();
      this.add(ids[index]);
      out[columns[index] + VALUE_COLUMN] = newest.value(Atomics.load(i32, epochs[index]));
      onMerged?.(index, newest.version, newest.winner);
    }
  }

  private add(id: number): void {
    const { cells, newest } = this;
    const { arena, shards } = cells;
    for (let number = 0; number < shards.length; number++) {
      const shard = shards[number];
      const cell = cells.find(shard.cells, id);
      if (cell !== 0 && cells.isStillAt(number)) newest.add(arena.i32, arena.f64, cell);
      else if (cell !== 0) this.addMoving(cell);
      const overflow = cells.find(shard.overflowCells, id);
      if (overflow !== 0) this.addMoving(overflow);
    }
  }

  private addMoving(cell: number): void {
    const { cells } = this;
    cells.copy(cell, GAUGE.WORDS);
    this.newest.add(cells.copiedI32, cells.copiedF64, 0);
  }
}

/**
 * The value, and the epoch of its `set`: after a newer `set` nothing is subtracted. Work in flight at a reset still
 * ends later, so it is not subtracted either.
 */
const baseline: Baseline = {
  words: () => 2,
  write(f64, at, { values, column, epoch }) {
    f64[at] = values[column + VALUE_COLUMN];
    f64[at + 1] = epoch;
  },
  subtract({ values, column, epoch }, words, at, _definition, keepsInFlight) {
    if (words[at + 1] === epoch && !keepsInFlight) values[column + VALUE_COLUMN] -= words[at];
  },
};

/** Values that are set, or that go up and down. */
export const gauge: Kind = {
  type: 'gauge',
  cellWords: () => GAUGE.WORDS,
  clearedWords: () => GAUGE.WORDS,
  foldingParameters: () => [],
  hasEpoch: true,
  outsideWords: () => 0,
  columnCount: () => 1,
  presenceColumn: VALUE_COLUMN,
  merger: (cells) => new GaugeMerger(cells),
  seriesAtOnce: 8_192,
  baseline,
  suffixes: [''],
  samples: () => [{ suffix: '', begin: VALUE_COLUMN, end: VALUE_COLUMN + 1 }],
  sampleReader: () => readValue,
  value: (_definition, values, column) => ({ value: values[column + VALUE_COLUMN] }),
  pointType: 'gauge',
  writePoint: (writer, _definition, values, column) => writer.number(values[column + VALUE_COLUMN]),
  recordable: 'finite numbers',
  options: [],
  resolve: () => ({}),
};
