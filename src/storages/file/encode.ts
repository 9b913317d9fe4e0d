import { crc32 } from 'node:zlib';
import { formatNonFinite } from '../../common/format-float';
import { columnCount } from '../../kinds/kinds';
import type { Family } from '../../registry/family';
import { presenceIn, type Snapshot } from '../../snapshot/snapshot';
import { startOf } from '../../snapshot/start';
import { DeclaredSeries } from './declared';
import { type HeaderLine, type StoredNumber, seal } from './format';
import { stringifyFlush, stringifyHeader, stringifyMetric, stringifySeries, stringifyValues } from './stringify';

/** Lines are encoded in pieces of about so many characters; between two pieces the worker's event loop turns. */
const PIECE = 128 * 1024;
/** Numbers in a line, about. */
const LINE_NUMBERS = 4_096;

/** Turns the snapshots of one file into lines. It remembers which metrics and series are declared in the file. */
export class FileEncoder {
  private flushes = 0;
  /** By name of the metric. */
  private readonly declared = new Map<string, DeclaredSeries>();
  /** The birth counts of the last flush in the file, and of the flush that is being encoded. */
  private births = 0;
  private birthsNow = 0;
  /** Series in the flush that is being encoded. */
  private series = 0;

  constructor(private readonly header: HeaderLine) {}

  /** The bytes of one flush. It can be encoded again until `keep` is called. */
  *encode(snapshot: Snapshot): Generator<Buffer, void> {
    for (const declared of this.declared.values()) declared.rollBack();
    this.series = 0;
    let bytes = 0;
    let checksum = 0;
    for (const piece of inPieces(this.lines(snapshot))) {
      bytes += piece.length;
      checksum = crc32(piece, checksum);
      yield piece;
    }
    const { flushes: flush, series } = this;
    const { timestamp: time } = snapshot;
    const said = { flush, time, series, bytes };
    yield Buffer.from(`${stringifyFlush({ ...said, crc32: seal(checksum, said) })}\n`);
  }

  /** Called after the flush that was encoded last has been written to the file. */
  keep(): void {
    for (const declared of this.declared.values()) declared.keep();
    this.births = this.birthsNow;
    this.flushes++;
  }

  private *lines(snapshot: Snapshot): Generator<string, void> {
    this.birthsNow = snapshot.births;
    if (this.flushes === 0) yield stringifyHeader(this.header);
    for (const family of snapshot.families) {
      const declared = this.declaredOf(family);
      const present = new Uint8Array(family.series.count);
      yield* declarations(family, declared, { snapshot, known: this.births, present });
      yield* valuesOf(family, declared, present, snapshot);
      for (const isThere of present) this.series += isThere;
    }
  }

  private declaredOf({ definition: { name } }: Family): DeclaredSeries {
    let declared = this.declared.get(name);
    if (declared === undefined) {
      declared = new DeclaredSeries();
      this.declared.set(name, declared);
    }
    return declared;
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

/** The declarations of a family that the file needs before its values. */
interface Telling {
  snapshot: Snapshot;
  /** The birth count up to which the file has declarations; later births may reuse the number of a removed series. */
  known: number;
  /** By index: 1 for a series that the snapshot has. There may be far more removed series than present ones. */
  present: Uint8Array;
}

function* declarations(
  family: Family,
  declared: DeclaredSeries,
  { snapshot, known, present }: Telling,
): Generator<string, void> {
  const { name: metric, ...definition } = family.definition;
  const isThere = presenceIn(snapshot, family);
  const mayBeginAnew = family.hasLives;
  let mustDefine = declared.isNew;
  declared.reserve(present.length);
  for (let index = 0; index < present.length; index++) {
    if (!isThere(index)) continue;
    present[index] = 1;
    const isNew = declared.add(index) || family.series.births[index] >= known;
    if (!isNew && !mayBeginAnew) continue;
    // read immediately after `isThere`: the memory of a removed series may be reused
    const start = startOf(snapshot, family, index);
    if (!declared.begin(index, start) && !isNew) continue;
    const labels = Object.fromEntries(family.labels(index));
    if (mustDefine) yield stringifyMetric({ metric, ...definition });
    mustDefine = false;
    yield stringifySeries({ metric, series: declared.numberOf(index), labels, start });
  }
}

/** Lines of series with consecutive numbers. */
function* valuesOf(
  family: Family,
  declared: DeclaredSeries,
  present: Uint8Array,
  snapshot: Snapshot,
): Generator<string, void> {
  const { definition, series } = family;
  const { name: metric } = definition;
  const { timestamp: time } = snapshot;
  const width = columnCount(definition);
  const most = Math.ceil(LINE_NUMBERS / width);
  for (const run of runsOf(declared, present, most)) {
    const values: StoredNumber[] = [];
    for (const index of run.indexes)
      for (let column = series.columns[index], end = column + width; column < end; column++)
        values.push(storedNumber(snapshot.values[column]));
    yield stringifyValues({ metric, time, first: run.first, values });
  }
}

/** Cuts series into runs of consecutive numbers. */
function* runsOf(
  declared: DeclaredSeries,
  present: Uint8Array,
  most: number,
): Generator<{ first: number; indexes: number[] }, void> {
  let first = 0;
  let indexes: number[] = [];
  for (const [number, index] of declared.all().entries()) {
    const isThere = present[index] === 1;
    if (indexes.length > 0 && (!isThere || indexes.length === most)) {
      yield { first, indexes };
      indexes = [];
    }
    if (!isThere) continue;
    if (indexes.length === 0) first = number;
    indexes.push(index);
  }
  if (indexes.length > 0) yield { first, indexes };
}

function storedNumber(value: number): StoredNumber {
  return Number.isFinite(value) ? value : formatNonFinite(value);
}
