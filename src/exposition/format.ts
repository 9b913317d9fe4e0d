import type { Definition } from '../kinds/definition';
import type { Sample } from '../kinds/sample';
import type { WriteNumber } from './text-buffer';

/**
 * The format-specific part of rendering. The renderer caches text between scrapes, in lines of a name, labels and a
 * number. Names and label values are escaped as the format requires.
 */
export interface TextFormat {
  readonly contentType: string;
  /** The text before the lines of a metric. */
  header(definition: Definition): string;
  /** The name of one of a metric's lines. */
  lineName(definition: Definition, sample: Sample): string;
  /**
   * Writes the number of a line. The same number always takes the same bytes, and none of them is a space. Whole numbers
   * from 0 to 2^53 - 1 are digits and nothing else.
   */
  readonly writeNumber: WriteNumber;
  /** The text at the end of the exposition. */
  readonly end: string;
}
