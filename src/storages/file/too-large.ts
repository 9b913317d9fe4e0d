/** A part of a file is skipped, although it may be intact: reading it would take too much memory or time. */
export class TooLarge extends Error {}

/** Most bytes of the lines of one flush, and of the declarations of metrics and series in one file. */
const MOST_BYTES = 2 ** 29;
/** Overhead of a line or a series in bytes, beside its text: without it a file of empty lines would fill the heap. */
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
