import type { Definition, LabelPairs } from '../../kinds/definition';
import { columnCount } from '../../kinds/kinds';
import type { Family, LabelBytes, VisitLabels } from '../../registry/family';
import { eachText, pairsOf } from '../../registry/series-key';

const NO_LABELS: LabelBytes = { bytes: new Uint8Array(0), start: 0, end: 0 };

/** The series of a metric that messages have declared. A series keeps its columns; another one with its number takes them over. */
class DecodedSeries {
  count = 0;
  reborn = 0;
  ids = new Int32Array(0);
  columns = new Int32Array(0);
  /** Infinity while the number has not been declared. */
  births = new Float64Array(0);

  /** Adds numbers of series up to `count`, with columns from `column` on. @returns the first column that is left */
  extend(count: number, column: number, width: number): number {
    const before = this.count;
    if (count > this.ids.length) this.resize(Math.max(count, this.ids.length * 2));
    for (let index = before; index < count; index++) {
      this.ids[index] = column + (index - before) * width;
      this.columns[index] = this.ids[index];
      this.births[index] = Number.POSITIVE_INFINITY;
    }
    this.count = Math.max(count, before);
    return column + (this.count - before) * width;
  }

  private resize(room: number): void {
    const [ids, columns, births] = [new Int32Array(room), new Int32Array(room), new Float64Array(room)];
    ids.set(this.ids);
    columns.set(this.columns);
    births.set(this.births);
    this.ids = ids;
    this.columns = columns;
    this.births = births;
  }
}

/** A metric that messages have declared. Its series have one column more than their kind: the last one is the start. */
export class DecodedFamily implements Family {
  readonly series = new DecodedSeries();
  /** Columns of a series, without the start. */
  readonly width: number;
  /** Starts of the series in the message that was decoded last. */
  starts = new Float64Array(0);
  readonly hasLives = true;
  private readonly keys: (LabelBytes | undefined)[] = [];

  constructor(
    readonly id: number,
    readonly definition: Definition,
  ) {
    this.width = columnCount(definition);
  }

  /** Makes room for series with the numbers below `count`. @returns the first column that is left */
  extend(count: number, column: number): number {
    const next = this.series.extend(count, column, this.width + 1);
    if (count <= this.starts.length) return next;
    const starts = new Float64Array(Math.max(count, this.starts.length * 2));
    starts.set(this.starts);
    this.starts = starts;
    return next;
  }

  /** From now on the number stands for this series. The bytes are kept. */
  declare(index: number, labels: LabelBytes, start: number, birth: number): void {
    const { series } = this;
    if (series.births[index] !== Number.POSITIVE_INFINITY) series.reborn++;
    series.births[index] = birth;
    this.keys[index] = labels;
    this.starts[index] = start;
  }

  /** A new birth means another snapshot: see `presenceIn`. */
  isSame(): boolean {
    return true;
  }

  labelBytes(index: number): LabelBytes {
    return this.keys[index] ?? NO_LABELS;
  }

  labels(index: number): LabelPairs {
    return pairsOf(this.labelBytes(index));
  }

  eachLabelText(index: number, visit: VisitLabels): void {
    const { bytes, start, end } = this.labelBytes(index);
    eachText(bytes, start, end, (from, to) => visit(bytes, from, to));
  }

  registeredAt(index: number): number {
    return this.starts[index];
  }

  startColumn(index: number): number {
    return this.series.columns[index] + this.width;
  }
}
