/** A part of the frame. */
export interface Section {
  /** First line; columns that rows are below. */
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** Rows that are shown before any other section gets more. */
  least: number;
  /** Rows that are not worth more than this many lines. */
  most: number;
}
