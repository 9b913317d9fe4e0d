/** Why a part of a file is not read although it may be what was written: it would take too much memory or time. */
export class TooLarge extends Error {}

/** Most bytes of the lines of one flush, and of what the flushes of one file say about metrics and series. */
const MOST_BYTES = 2 ** 29;
/** Bytes that a line or a series takes in memory beside its text: else a file of empty lines would fill the heap. */
const ITEM_BYTES = 128;

/** Adds up the memory that is held for a file. */
export class HeldBytes {
  private bytes = 0;

  /** @returns whether there is room for one more text of that length */
  hasRoom(length: number): boolean {
    this.bytes += length + ITEM_BYTES;
    return this.bytes <= MOST_BYTES;
  }
}
