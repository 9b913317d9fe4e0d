/** A part of the frame. */
export interface Section {
  /** First line: the heads of the columns. */
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** Rows that the section gets before other sections get more than theirs. */
  least: number;
  /** Most rows of the section. */
  most: number;
}
