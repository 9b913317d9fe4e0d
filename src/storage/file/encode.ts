import { crc32 } from 'node:zlib';
import type { Family } from '../../aggregate/catalog';
import { columnCount } from '../../aggregate/columns';
import { presenceIn, type Snapshot } from '../../aggregate/snapshot';
import { type HeaderLine, type StoredNumber, seal } from './format';
import { stringifyFlush, stringifyHeader, stringifyMetric, stringifySeries, stringifyValues } from './stringify';

/** Characters after which lines become bytes to write: between two pieces the worker's other work has its turn. */
const PIECE = 128 * 1024;
/** Numbers in a line, about. */
const LINE_NUMBERS = 4_096;

/** Turns the snapshots of one file into its lines. It knows which metrics and series the file has been told already. */
export class FileEncoder {
  private flushes = 0;
  /** By name of the metric: how many of its series are in the file. */
  private declared = new Map<string, number>();
  /** The same, if the flush that is being encoded gets into the file. */
  private declaring = new Map<string, number>();
  /** Births that the last flush in the file had read, and the one that is being encoded. */
  private places = 0;
  private placesNow = 0;

  constructor(private readonly header: HeaderLine) {}

  /** The bytes of one flush. It can be encoded again until `keep` is called. */
  *encode(snapshot: Snapshot): Generator<Buffer, void> {
    this.declaring = new Map(this.declared);
    let bytes = 0;
    let checksum = 0;
    for (const piece of inPieces(this.lines(snapshot))) {
      bytes += piece.length;
      checksum = crc32(piece, checksum);
      yield piece;
    }
    const series = [...this.declaring.values()].reduce((sum, count) => sum + count, 0);
    const { flushes: flush } = this;
    const { timestamp: time } = snapshot;
    const said = { flush, time, series, bytes };
    yield Buffer.from(`${stringifyFlush({ ...said, crc32: seal(checksum, said) })}\n`);
  }

  /** Says that the file has what was encoded last. */
  keep(): void {
    this.declared = this.declaring;
    this.places = this.placesNow;
    this.flushes++;
  }

  private *lines(snapshot: Snapshot): Generator<string, void> {
    this.placesNow = snapshot.places;
    if (this.flushes === 0) yield stringifyHeader(this.header);
    for (const family of snapshot.families) {
      const { name } = family.definition;
      const before = this.declared.get(name) ?? 0;
      const count = family.series.count;
      if (count === 0) continue;
      yield* declarations(family, before, count, this.places);
      yield* valuesOf(family, count, snapshot);
      this.declaring.set(name, count);
    }
  }
}

function* inPieces(lines: Iterable<string>): Generator<Buffer, void> {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < PIECE) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

/** @param known births of which the file has been told: a number may since have been given to another series */
function* declarations(family: Family, before: number, count: number, known: number): Generator<string, void> {
  const { name: metric, ...definition } = family.definition;
  if (before === 0) yield stringifyMetric({ metric, ...definition });
  for (let series = 0; series < count; series++)
    if (series >= before || family.series.places[series] >= known)
      yield stringifySeries({ metric, series, labels: Object.fromEntries(family.labels(series)) });
}

function* valuesOf(family: Family, count: number, snapshot: Snapshot): Generator<string, void> {
  const { definition, series } = family;
  const isThere = presenceIn(snapshot, family);
  const { name: metric } = definition;
  const { timestamp: time } = snapshot;
  const width = columnCount(definition);
  const most = Math.ceil(LINE_NUMBERS / width);
  for (let first = 0; first < count; first += most) {
    const values: StoredNumber[] = [];
    for (let index = first; index < Math.min(first + most, count); index++)
      for (let column = series.columns[index], end = column + width; column < end; column++)
        values.push(isThere(index) ? storedNumber(snapshot.values[column]) : 'NaN');
    yield stringifyValues({ metric, time, first, values });
  }
}

function storedNumber(value: number): StoredNumber {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
