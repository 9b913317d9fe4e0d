import { type FamilyLines, NEWLINE } from './family-lines';
import { NUMBER_BYTES, overwriteNatural } from './number-text';
import { TextBuffer } from './text-buffer';

/** What is shown of a snapshot. */
export interface Shown {
  /** Its numbers, by column; and those that the text shows until then. */
  readonly values: Float64Array;
  readonly valuesBefore: Float64Array;
  /** Which of a family's series it has. */
  readonly isThere: (index: number) => boolean;
}

/** Who sends the bytes of a block as they are. */
interface Loan {
  users: number;
}

const SPACE = 32;
/** A text that has grown has room for a sixteenth more; memory of which an eighth would not be used is not taken over. */
const ROOM_SHIFT = 4;
const SPARE_SHIFT = 3;

const digits = new Uint8Array(NUMBER_BYTES);
/** What of a block is written anew, until it is kept. No two blocks are written at a time. */
const fresh = new TextBuffer(0);

/**
 * The lines of some consecutive series of a metric as they were last rendered. From one scrape to the next most of a text
 * stays: a number of the same width is overwritten in place. Where a width changes the block is written anew, everything
 * between two such numbers in one go. Bytes that are lent are not touched: then the block goes on with a copy.
 *
 * Beside the text there is a number per line, no more: what the lines show is known from the snapshot that they show.
 */
export class TextBlock {
  private text = new Uint8Array();
  private textLength = 0;
  /** While it is revisited: where the lines of the next series are. */
  private at = 0;
  private loan: Loan = { users: 0 };
  /** Series that have been seen. */
  private series = 0;
  /** Bytes of each line; 0 if it is not there. */
  private widths = new Int32Array(0);
  /** Births of the series whose lines these are, where the memory of a series may be given to another one: float64 counts. */
  private born = new Float64Array(0);
  /** The numbers of one series' lines, and those that they show. */
  private readonly now: Float64Array;
  private readonly before: Float64Array;

  /** @param first index of its first series; @param most how many it takes */
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

  /** From now on the content stays as it is. @returns what ends that; may be called once */
  lend(): () => void {
    const { loan } = this;
    loan.users++;
    return () => {
      loan.users--;
    };
  }

  /** Brings the lines up to date. Snapshots have to come in the order of their times. */
  update(shown: Shown): void {
    if (this.loan.users > 0) this.replace(this.content);
    fresh.length = 0;
    const moved = this.revisit(shown);
    if (this.extend(shown, moved) || moved) this.keep();
  }

  /** @returns whether something got another width: then `fresh` has the text, else it is where it was, and `fresh` empty */
  private revisit(shown: Shown): boolean {
    const { text, widths, born, lines, first, series } = this;
    const { births } = lines.family.series;
    // looked up once: a fifth of the time for series whose number keeps its width
    const isMortal = born.length > 0;
    /** How much of the text has been written anew. */
    let copied = 0;
    let moved = false;
    this.at = 0;
    for (let index = 0; index < series; index++) {
      const isThere = shown.isThere(first + index);
      const wasThere = widths[index * lines.count] > 0;
      // its memory may have been another one's before
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
   * Brings the numbers of one series up to date: in the text where they keep their width, otherwise what comes before the
   * number is written anew with it.
   *
   * @param copied how much of the text has been written anew
   * @returns how much has been then
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

  /** Appends the lines of one series, if it is there, in place of those it had. */
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

  /** Takes the memory that has been written to and leaves its own, if that wastes little; else a copy. */
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

/** Whether two numbers are shown alike. */
function isAlike(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}
