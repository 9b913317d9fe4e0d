import type { Definition } from '../kinds/definition';
import type { Sample } from '../kinds/sample';
import type { WriteNumber } from './text-buffer';

/**
 * A text format. The renderer keeps texts between scrapes, of lines that consist of a name, labels and a number; what
 * differs from format to format is here. Names and label values are written as the format escapes them.
 */
export interface TextFormat {
  readonly contentType: string;
  /** What stands before the lines of a metric. */
  header(definition: Definition): string;
  /** The name of one of a metric's lines. */
  lineName(definition: Definition, sample: Sample): string;
  /**
   * Writes the number of a line. The same number always takes the same bytes, and none of them is a space. Whole numbers
   * from 0 to 2^53 - 1 are digits and nothing else.
   */
  readonly writeNumber: WriteNumber;
  /** What stands at the end of the whole text. */
  readonly end: string;
}
