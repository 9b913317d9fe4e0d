/*
 * The bytes of a history: two rings in one SharedArrayBuffer, and nothing else. Words of 8 bytes, float64.
 *
 *     words     | what
 *     a quarter | head    SnapshotRing: the newest snapshots, uncompressed
 *     the rest  | blocks  SnapshotRing: the older snapshots; its entries are segments
 *
 *     time ------------------------------------------------------------------->
 *      block             block             block, being closed
 *     +-----------------+-----------------+-----------------+--------+
 *     | segment         | segment         | segment         |        |  columns
 *     | segment         | segment         | (to come)       |  head  |     |
 *     | segment         | segment         | (to come)       |        |     v
 *     +-----------------+-----------------+-----------------+--------+
 *                                          `--- still in the head ---'
 *
 * A block is some successive snapshots of the head, compressed column by column; a segment is a block's part for a
 * range of columns. A block is closed in several steps, a segment each, and is valid once its last segment is in the
 * ring. From then on readers ignore its snapshots in the head, whether or not they have been dropped. So each change is
 * one append to a ring, which is atomic: if a thread is terminated, the next one continues from there.
 *
 * A segment, the values of an entry whose timestamp and births are those of the block's last snapshot:
 *
 *     word 0  first       position in the head of the block's first snapshot
 *          1  last        position in the head of its last
 *          2  count       its snapshots
 *          3  begin       the first column of the segment
 *          4  end         behind its last; the block's last segment ends with the columns that any snapshot has
 *          5  times       of the snapshots, wall-clock milliseconds
 *             births      of the snapshots: series that were born later are not in them
 *             columns     of the snapshots; a column that a snapshot does not have yet repeats its first value
 *     bytes   offsets     uint32 of every 32nd column's encoding, from the first encoding on
 *             lengths     uint8 of each column's encoding: 0 = all values are 0
 *             encodings   as in column-code.ts
 *             slack       to a whole word, and one word more, so that bits can be read 32 at a time
 */
export const SEGMENT = { FIRST: 0, LAST: 1, COUNT: 2, BEGIN: 3, END: 4, TIMES: 5 } as const;
export const WORD_BYTES = 8;
/** Number of columns that share an offset. */
export const OFFSET_EVERY = 32;

/** Words of the head. A snapshot must fit into it. */
export function headWords(words: number): number {
  return Math.floor(words / 4);
}

/** Where the parts of a segment begin, in bytes from its beginning. */
export function segmentParts(count: number, columns: number): { offsets: number; lengths: number; encodings: number } {
  const offsets = (SEGMENT.TIMES + 3 * count) * WORD_BYTES;
  const lengths = offsets + Math.ceil(columns / OFFSET_EVERY) * 4;
  return { offsets, lengths, encodings: lengths + columns };
}
