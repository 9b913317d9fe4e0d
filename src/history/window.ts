import type { RingEntry } from '../snapshot/snapshot-ring';
import { BitReader } from './bits';
import { LONGEST_BLOCK } from './column-code';
import { ColumnDecoder } from './column-decoder';
import type { Segment } from './segment';

/** Some successive snapshots of a window, by their indexes in their block or in the head. */
interface Part {
  /** Index of the part's first snapshot in the window. */
  at: number;
  /** First index (inclusive) and last index (exclusive) of its snapshots in their block, or in the head. */
  begin: number;
  end: number;
  /** Undefined for the head. */
  block: readonly Segment[] | undefined;
}

/** The snapshots of a history between two times. Valid while the caller holds the lease. */
export class HistoryWindow {
  /** Wall-clock milliseconds of the snapshots, ascending; two may be equal. */
  readonly times: Float64Array;
  private readonly parts: Part[] = [];
  private readonly decoder = new ColumnDecoder();
  private readonly reader: BitReader;
  private readonly scratch = new Float64Array(LONGEST_BLOCK);

  /**
   * @param head the snapshots newer than the blocks
   * @param skip the number of oldest snapshots to ignore, since they have expired
   */
  constructor(
    buffer: ArrayBufferLike,
    blocks: readonly (readonly Segment[])[],
    private readonly head: readonly RingEntry[],
    skip: number,
    from: number,
    to: number,
  ) {
    this.reader = new BitReader(buffer);
    const times: number[] = [];
    let toSkip = skip;
    const add = (all: ArrayLike<number>, block: readonly Segment[] | undefined): void => {
      let begin = Math.min(Math.max(toSkip, 0), all.length);
      let end = all.length;
      toSkip -= all.length;
      while (begin < end && all[begin] < from) begin++;
      while (begin < end && all[end - 1] > to) end--;
      if (begin < end) this.parts.push({ at: times.length, begin, end, block });
      for (let index = begin; index < end; index++) times.push(all[index]);
    };
    for (const block of blocks) add(block[0].times, block);
    add(
      head.map(({ timestamp }) => timestamp),
      undefined,
    );
    this.times = Float64Array.from(times);
  }

  /**
   * Reads a column of a series. Touches only that column's bytes.
   *
   * @param birth the number of the series' birth: snapshots that cover fewer births do not have it
   * @param into has the length of `times`
   * @returns the index in `times` of the first snapshot that has the series; `into` is filled from that index on
   */
  read(column: number, birth: number, into: Float64Array): number {
    for (let index = this.parts.length - 1; index >= 0; index--) {
      const part = this.parts[index];
      const first =
        part.block === undefined
          ? this.readHead(part, column, birth, into)
          : this.readBlock(part, part.block, column, birth, into);
      if (first > part.begin) return part.at + first - part.begin;
    }
    return 0;
  }

  /** @returns the index of the first snapshot in the head that has the series */
  private readHead({ at, begin, end }: Part, column: number, birth: number, into: Float64Array): number {
    for (let index = end; index > begin; index--) {
      const { tag: births, values } = this.head[index - 1];
      if (births <= birth || values.length <= column) return index;
      into[at + index - 1 - begin] = values[column];
    }
    return begin;
  }

  private readBlock(part: Part, block: readonly Segment[], column: number, birth: number, into: Float64Array): number {
    const { at, begin, end } = part;
    const { births, columns, count } = block[0];
    let first = begin;
    while (first < end && (births[first] <= birth || columns[first] <= column)) first++;
    if (first === end) return end;
    const segment = block.find((segment) => column < segment.end)!;
    if (first === 0 && end === count) {
      segment.decode(column, this.reader, this.decoder, into, at);
      return 0;
    }
    segment.decode(column, this.reader, this.decoder, this.scratch, 0);
    for (let index = first; index < end; index++) into[at + index - begin] = this.scratch[index];
    return first;
  }
}
