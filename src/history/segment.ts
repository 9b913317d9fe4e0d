import type { RingEntry } from '../snapshot/snapshot-ring';
import { type BitReader, BitWriter } from './bits';
import type { ColumnDecoder } from './column-decoder';
import { ColumnEncoder } from './column-encoder';
import { OFFSET_EVERY, SEGMENT, segmentParts, WORD_BYTES } from './layout';

/** A view of a segment in a ring: a range of columns of some snapshots. Valid while the caller holds the lease. */
export class Segment {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly begin: number;
  readonly end: number;
  /** Times, births and numbers of columns of the snapshots. */
  readonly times: Float64Array;
  readonly births: Float64Array;
  readonly columns: Float64Array;
  private readonly bytes: Uint8Array;
  private readonly offsets: Uint32Array;
  private readonly lengths: number;
  private readonly encodings: number;

  constructor(words: Float64Array) {
    this.first = words[SEGMENT.FIRST];
    this.last = words[SEGMENT.LAST];
    const count = words[SEGMENT.COUNT];
    this.count = count;
    this.begin = words[SEGMENT.BEGIN];
    this.end = words[SEGMENT.END];
    const list = (number: number): Float64Array =>
      words.subarray(SEGMENT.TIMES + number * count, SEGMENT.TIMES + (number + 1) * count);
    this.times = list(0);
    this.births = list(1);
    this.columns = list(2);
    const { offsets, lengths, encodings } = segmentParts(count, this.end - this.begin);
    const { buffer, byteOffset } = words;
    this.bytes = new Uint8Array(buffer);
    this.offsets = new Uint32Array(buffer, byteOffset + offsets, Math.ceil((this.end - this.begin) / OFFSET_EVERY));
    this.lengths = byteOffset + lengths;
    this.encodings = byteOffset + encodings;
  }

  /** Whether it is the last segment of its block. */
  get isLast(): boolean {
    return this.end === Math.max(...this.columns);
  }

  /** Decodes one column; touches its encoding and up to 36 bytes of the index. */
  decode(column: number, reader: BitReader, decoder: ColumnDecoder, into: Float64Array, at: number): void {
    const { bytes, lengths } = this;
    const index = column - this.begin;
    const group = Math.floor(index / OFFSET_EVERY);
    let offset = this.offsets[group];
    for (let before = group * OFFSET_EVERY; before < index; before++) offset += bytes[lengths + before];
    reader.position = (this.encodings + offset) * 8;
    decoder.decode(reader, bytes[lengths + index], this.count, into, at);
  }
}

/** Compresses ranges of columns. One per writing thread. */
export class SegmentWriter {
  private readonly encoder = new ColumnEncoder();

  /**
   * The words of a segment.
   *
   * @param snapshots at most LONGEST_BLOCK of them, the oldest first
   */
  write(snapshots: readonly RingEntry[], begin: number, end: number): Float64Array {
    const count = snapshots.length;
    const { offsets, lengths, encodings } = segmentParts(count, end - begin);
    const out = new BitWriter();
    out.reserve(encodings);
    out.length = encodings;
    const index = this.writeColumns(snapshots, begin, end, out);
    out.reserve(2 * WORD_BYTES);
    const words = new Float64Array(out.bytes.buffer, 0, Math.ceil(out.length / WORD_BYTES) + 1);
    words.set([snapshots[0].position, snapshots[count - 1].position, count, begin, end]);
    snapshots.forEach(({ timestamp, tag: births, values }, snapshot) => {
      const at = SEGMENT.TIMES + snapshot;
      words[at] = timestamp;
      words[at + count] = births;
      words[at + count * 2] = values.length;
    });
    out.bytes.set(new Uint8Array(index.offsets.buffer), offsets);
    out.bytes.set(index.lengths, lengths);
    return words;
  }

  private writeColumns(snapshots: readonly RingEntry[], begin: number, end: number, out: BitWriter) {
    const { encoder } = this;
    const start = out.length;
    const lengths = new Uint8Array(end - begin);
    const offsets = new Uint32Array(Math.ceil(lengths.length / OFFSET_EVERY));
    for (let index = 0; index < lengths.length; index++) {
      const from = out.length;
      if (index % OFFSET_EVERY === 0) offsets[index / OFFSET_EVERY] = from - start;
      this.gather(snapshots, begin + index);
      encoder.encode(snapshots.length, out);
      lengths[index] = out.length - from;
    }
    return { offsets, lengths };
  }

  /** Copies a column to the encoder. Snapshots that do not have the column yet get the first value of a later one. */
  private gather(snapshots: readonly RingEntry[], column: number): void {
    const { values } = this.encoder;
    for (let index = snapshots.length - 1; index >= 0; index--) {
      const snapshot = snapshots[index].values;
      values[index] = column < snapshot.length ? snapshot[column] : values[index + 1];
    }
  }
}
