import { type FamilyLines, NEWLINE } from './family-lines';
import { NUMBER_BYTES, overwriteNatural } from './number-text';
import { TextBuffer } from './text-buffer';

/** The part of a snapshot that a block renders. */
export interface Shown {
  /** Its values by column, and the values that the text shows now. */
  readonly values: Float64Array;
  readonly valuesBefore: Float64Array;
  /** Whether the snapshot has a series. */
  readonly isThere: (index: number) => boolean;
}

/** A user of a block's bytes, which must not change meanwhile. */
interface Loan {
  users: number;
}

const SPACE = 32;
/** A text that grows reserves a sixteenth more; memory of which more than an eighth would be unused is not kept. */
const ROOM_SHIFT = 4;
const SPARE_SHIFT = 3;

const digits = new Uint8Array(NUMBER_BYTES);
/** Scratch buffer for the rewritten part of a block, shared by all blocks: only one is written at a time. */
const fresh = new TextBuffer(0);

/**
 * The last rendered lines of some consecutive series of a metric. Most of a text stays equal between two scrapes: a
 * number of the same width is overwritten in place. If a width changes, the block is rewritten, with one copy for
 * everything between two such numbers. Copy-on-write: while bytes are on loan, the block continues with a copy.
 *
 * Beside the text it keeps only one number per line: the values are those of the snapshot that the lines show.
 */
export class TextBlock {
  private text = new Uint8Array();
  private textLength = 0;
  /** During an update: the offset of the next series' lines. */
  private at = 0;
  private loan: Loan = { users: 0 };
  /** Number of series rendered so far. */
  private series = 0;
  /** Bytes of each line; 0 if it is absent. */
  private widths = new Int32Array(0);
  /** Births (float64 counts) of the rendered series; empty unless the memory of a series can be reused. */
  private born = new Float64Array(0);
  /** The new values of one series' lines, and the shown ones. */
  private readonly now: Float64Array;
  private readonly before: Float64Array;

  /** @param first index of its first series; @param most its capacity in series */
  constructor(
    private readonly lines: FamilyLines,
    private readonly first: number,
    private readonly most: number,
  ) {
    this.now = new Float64Array(lines.count);
    this.before = new Float64Array(lines.count);
  }

  /** Bytes of the text. */
  get length(): number {
    return this.textLength;
  }

  /** The text, good until the next update. */
  get content(): Uint8Array {
    return this.text.subarray(0, this.textLength);
  }

  /** Lends the content, which then does not change. @returns a function that ends the loan; call it once */
  lend(): () => void {
    const { loan } = this;
    loan.users++;
    return () => {
      loan.users--;
    };
  }

  /** Updates the lines. Snapshots must come in ascending order of time. */
  update(shown: Shown): void {
    if (this.loan.users > 0) this.replace(this.content);
    fresh.length = 0;
    const moved = this.revisit(shown);
    if (this.extend(shown, moved) || moved) this.keep();
  }

  /** @returns whether a width changed: then `fresh` has the new text; otherwise `text` was updated in place */
  private revisit(shown: Shown): boolean {
    const { text, widths, born, lines, first, series } = this;
    const { births } = lines.family.series;
    // hoisted: saves a fifth of the time for series whose number keeps its width
    const isMortal = born.length > 0;
    /** Offset in the text up to which it has been copied to `fresh`. */
    let copied = 0;
    let moved = false;
    this.at = 0;
    for (let index = 0; index < series; index++) {
      const isThere = shown.isThere(first + index);
      const wasThere = widths[index * lines.count] > 0;
      // the series' memory may have belonged to another series before
      const isSame = !isMortal || born[index] === births[first + index];
      if (isThere && wasThere && isSame) {
        const behind = this.rewrite(shown, index, copied);
        moved ||= behind !== copied;
        copied = behind;
      } else if (isThere || wasThere) {
        fresh.copy(text, copied, this.at);
        for (let line = index * lines.count; line < (index + 1) * lines.count; line++) this.at += widths[line];
        copied = this.at;
        moved = true;
        this.replaceSeries(index, isThere ? shown.values : undefined);
      }
    }
    if (moved) fresh.copy(text, copied, this.textLength);
    return moved;
  }

  /**
   * Updates the numbers of one series: in place if the width stays; otherwise copies the text before the number to
   * `fresh` and appends the number.
   *
   * @param copied offset up to which the text has been copied
   * @returns the same offset afterwards
   */
  private rewrite({ values, valuesBefore }: Shown, index: number, copied: number): number {
    const { text, widths, now, before, lines } = this;
    const { format } = lines;
    const column = lines.family.series.columns[this.first + index];
    lines.read(valuesBefore, column, before);
    lines.read(values, column, now);
    let line = index * now.length;
    let end = this.at;
    for (let sample = 0; sample < now.length; sample++, line++) {
      const value = now[sample];
      end += widths[line];
      if (isAlike(value, before[sample]) || overwriteNatural(before[sample], value, text, end - 1)) continue;
      const width = format.writeNumber(value, digits, 0);
      let number = end - 1;
      while (text[number - 1] !== SPACE) number--;
      const old = end - 1 - number;
      if (old === width) {
        for (let digit = 0; digit < width; digit++) text[number + digit] = digits[digit];
        continue;
      }
      fresh.copy(text, copied, number);
      fresh.copy(digits, 0, width);
      copied = end - 1;
      widths[line] += width - old;
    }
    this.at = end;
    return copied;
  }

  /** Appends the lines of series that are new. @param moved whether `fresh` has the text */
  private extend({ values, isThere }: Shown, moved: boolean): boolean {
    const { lines, first } = this;
    const series = Math.min(lines.family.series.count - first, this.most);
    if (series === this.series) return false;
    if (!moved) fresh.append(this.content);
    this.makeRoom(series);
    for (; this.series < series; this.series++)
      if (isThere(first + this.series)) this.replaceSeries(this.series, values);
    return true;
  }

  /** Replaces the lines of one series; removes them if the series is absent. */
  private replaceSeries(index: number, values: Float64Array | undefined): void {
    const { lines, now, widths, born, first } = this;
    const { columns, births } = lines.family.series;
    if (born.length > 0) born[index] = births[first + index];
    if (values !== undefined) {
      lines.read(values, columns[first + index], now);
      lines.labelsOf(first + index);
    }
    for (let sample = 0, line = index * now.length; sample < now.length; sample++, line++) {
      const begin = fresh.length;
      if (values !== undefined) {
        lines.begin(fresh, sample);
        lines.number(fresh, now[sample]);
        fresh.byte(NEWLINE);
      }
      widths[line] = fresh.length - begin;
    }
  }

  private makeRoom(series: number): void {
    const { widths, born, lines, most } = this;
    if (series * lines.count <= widths.length) return;
    const room = Math.min(series * 2, most);
    this.widths = new Int32Array(room * lines.count);
    this.widths.set(widths);
    if (lines.family.definition.ttl === undefined) return;
    this.born = new Float64Array(room);
    this.born.set(born);
  }

  /** Swaps buffers with `fresh` if that wastes little memory; otherwise copies the text. */
  private keep(): void {
    const { bytes, length } = fresh;
    if (this.textLength === 0 || length === 0) this.text = bytes.slice(0, length);
    else if (bytes.length - length <= length >> SPARE_SHIFT) {
      fresh.bytes = this.text;
      this.text = bytes;
    } else if (length > this.text.length) this.replace(fresh.content());
    else this.text.set(fresh.content());
    this.textLength = length;
  }

  private replace(content: Uint8Array): void {
    const text = new Uint8Array(content.length + (content.length >> ROOM_SHIFT));
    text.set(content);
    this.text = text;
    this.loan = { users: 0 };
  }
}

/** Whether two numbers have the same text. */
function isAlike(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}
