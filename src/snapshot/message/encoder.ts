import { randomInt } from 'node:crypto';
// not the globals: there are realms that have none
import { TextEncoder } from 'node:util';
import { columnCount } from '../../kinds/kinds';
import type { Family } from '../../registry/family';
import { presenceIn, type Snapshot } from '../snapshot';
import { startOf } from '../start';
import { COMPLETE, HEADER, LITTLE, MAGIC, TAG, VERSION } from './layout';
import { MessageWriter } from './writer';

const encoder = new TextEncoder();
const MOST_STREAMS = 2 ** 47;

/** What the receiver knows of a metric: by index in the family's list, the birth of the series + 1, and its start. */
class DeclaredMetric {
  births = new Float64Array(0);
  starts = new Float64Array(0);

  constructor(readonly number: number) {}

  /** Makes room for the indexes below `count`. */
  reserve(count: number): void {
    if (count <= this.births.length) return;
    const room = Math.max(count, this.births.length * 2);
    const [births, starts] = [new Float64Array(room), new Float64Array(room)];
    births.set(this.births);
    starts.set(this.starts);
    this.births = births;
    this.starts = starts;
  }
}

/**
 * Encodes the snapshots of one source for one receiver, which has to decode all messages in their order. If one is lost,
 * `restart` makes the next one complete.
 */
export class MessageEncoder {
  private readonly writer = new MessageWriter();
  private readonly stream = randomInt(MOST_STREAMS);
  private readonly declared = new Map<number, DeclaredMetric>();
  private sequence = 0;

  /** The next message declares everything. */
  restart(): void {
    this.declared.clear();
  }

  /**
   * @returns the message, valid until the next call
   * @throws RangeError if it would be too long; the next one is complete then
   */
  encode(snapshot: Snapshot): Uint8Array {
    try {
      return this.write(snapshot);
    } catch (error) {
      this.restart();
      throw error;
    }
  }

  private write(snapshot: Snapshot): Uint8Array {
    const { writer } = this;
    const isComplete = this.declared.size === 0;
    writer.begin();
    this.writeMetrics(snapshot.families);
    const present = snapshot.families.map((family) => presentIn(snapshot, family));
    this.writeSeries(snapshot, present);
    this.writeStarts(snapshot, present);
    this.writeColumns(snapshot, present);
    const { header } = writer;
    header.setUint32(HEADER.MAGIC, MAGIC, LITTLE);
    header.setUint16(HEADER.VERSION, VERSION, LITTLE);
    header.setUint16(HEADER.FLAGS, isComplete ? COMPLETE : 0, LITTLE);
    header.setUint32(HEADER.SEQUENCE, this.sequence, LITTLE);
    header.setFloat64(HEADER.STREAM, this.stream, LITTLE);
    header.setFloat64(HEADER.TIMESTAMP, snapshot.timestamp, LITTLE);
    this.sequence = (this.sequence + 1) >>> 0;
    return writer.finish();
  }

  private writeMetrics(families: readonly Family[]): void {
    const { writer, declared } = this;
    writer.open(TAG.METRICS);
    for (const { id, definition } of families) {
      if (declared.has(id)) continue;
      declared.set(id, new DeclaredMetric(declared.size));
      const json = encoder.encode(JSON.stringify(definition));
      writer.uint32(json.length);
      writer.copy(json, 0, json.length);
    }
    writer.close();
  }

  private writeSeries(snapshot: Snapshot, present: readonly Uint8Array[]): void {
    this.writer.open(TAG.SERIES);
    snapshot.families.forEach((family, at) => {
      const metric = this.declared.get(family.id)!;
      const isThere = present[at];
      metric.reserve(isThere.length);
      const { births } = family.series;
      for (let index = 0; index < isThere.length; index++) {
        if (isThere[index] === 0 || metric.births[index] === births[index] + 1) continue;
        metric.births[index] = births[index] + 1;
        metric.starts[index] = startOf(snapshot, family, index);
        this.writeOne(metric, family, index);
      }
    });
    this.writer.close();
  }

  private writeOne({ number, starts }: DeclaredMetric, family: Family, index: number): void {
    const { writer } = this;
    writer.uint32(number);
    writer.uint32(index);
    const { bytes, start, end } = family.labelBytes(index);
    writer.uint32(end - start);
    writer.float64(starts[index]);
    writer.copy(bytes, start, end);
  }

  private writeStarts(snapshot: Snapshot, present: readonly Uint8Array[]): void {
    const { writer, declared } = this;
    writer.open(TAG.STARTS);
    snapshot.families.forEach((family, at) => {
      if (!family.hasLives) return;
      const { number, starts } = declared.get(family.id)!;
      for (let index = 0; index < present[at].length; index++) {
        if (present[at][index] === 0) continue;
        const start = startOf(snapshot, family, index);
        if (starts[index] === start) continue;
        starts[index] = start;
        writer.uint32(number);
        writer.uint32(index);
        writer.float64(start);
      }
    });
    writer.close();
  }

  private writeColumns({ families, values }: Snapshot, present: readonly Uint8Array[]): void {
    const { writer, declared } = this;
    writer.open(TAG.COLUMNS);
    families.forEach((family, at) => {
      const { columns } = family.series;
      const isThere = present[at];
      const width = columnCount(family.definition);
      writer.uint32(declared.get(family.id)!.number);
      writer.uint32(isThere.length);
      let { numbers, at: to } = writer.room(isThere.length * width);
      for (let index = 0; index < isThere.length; index++, to += width) {
        const from = columns[index];
        if (isThere[index] === 0) numbers.fill(Number.NaN, to, to + width);
        else for (let column = 0; column < width; column++) numbers[to + column] = values[from + column];
      }
    });
    writer.close();
  }
}

/** By index in the family's list: 1 for a series that the snapshot has. */
function presentIn(snapshot: Snapshot, family: Family): Uint8Array {
  const isThere = presenceIn(snapshot, family);
  const present = new Uint8Array(family.series.count);
  for (let index = 0; index < present.length; index++) present[index] = isThere(index) ? 1 : 0;
  return present;
}
