import type { SeriesList } from '../aggregate/series-list';
import { type FamilyLines, NEWLINE } from './family-lines';
import { NUMBER_BYTES, overwriteNatural, writeNumber } from './number-text';
import { TextBuffer } from './text-buffer';

/** What is shown of a snapshot. */
export interface Shown {
  readonly values: Float64Array;
  /** Which of a family's series it has. */
  readonly isThere: (index: number) => boolean;
}

/** Who sends the bytes of a block as they are. */
interface Loan {
  users: number;
}

/** A text has room for a sixteenth more; memory of which more than an eighth would not be used is not kept. */
const ROOM_SHIFT = 4;
const SPARE_SHIFT = 3;

const digits = new Uint8Array(NUMBER_BYTES);
/** What of a block is written anew, until it is kept. No two blocks are written at a time. */
const fresh = new TextBuffer(0);

/**
 * The lines of some consecutive series of a metric as they were last rendered. From one scrape to the next most of a text
 * stays: a number of the same width is overwritten in place. Where a width changes the block is written anew, everything
 * between two such numbers in one go. Bytes that are lent are not touched: then the block goes on with a copy.
 */
export class TextBlock {
  private text = new Uint8Array();
  private textLength = 0;
  private loan: Loan = { users: 0 };
  /** Series that have been seen; where the lines of each begin: at those of the next, if it is not there now. */
  private series = 0;
  private starts = new Int32Array(0);
  /** Births of the series whose lines these are. */
  private born = new Int32Array(0);
  /** Per line, where its number begins and which it is. */
  private begins = new Int32Array(0);
  private shown = new Float64Array(0);
  /** The present numbers of one series' lines. */
  private readonly now: Float64Array;

  /** @param first index of its first series; @param most how many it takes */
  constructor(
    private readonly lines: FamilyLines,
    private readonly first: number,
    private readonly most: number,
  ) {
    this.now = new Float64Array(lines.count);
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
  private revisit({ values, isThere }: Shown): boolean {
    const { text, now, starts, lines, first, series, born } = this;
    const { columns, places } = lines.family.series;
    let copied = 0;
    let moved = false;
    for (let index = 0; index < series; index++) {
      const begin = starts[index];
      const end = index + 1 < series ? starts[index + 1] : this.textLength;
      const shift = fresh.length - copied;
      starts[index] = begin + shift;
      const wasThere = end > begin;
      if (isThere(first + index)) {
        lines.read(values, columns[first + index], now);
        if (wasThere && born[index] === places[first + index]) {
          const behind = this.rewrite(index, copied, shift);
          moved ||= behind !== copied;
          copied = behind;
          continue;
        }
        fresh.copy(text, copied, begin);
        this.write(index, places[first + index]);
      } else if (wasThere) fresh.copy(text, copied, begin);
      else continue;
      copied = end;
      moved = true;
    }
    if (moved) fresh.copy(text, copied, this.textLength);
    return moved;
  }

  /**
   * Brings the numbers of one series up to date: in the text where they keep their width, otherwise what comes before the
   * number is written anew with it.
   *
   * @param copied how much of the text has been written anew
   * @param shift how far the lines move
   * @returns how much has been then
   */
  private rewrite(index: number, copied: number, shift: number): number {
    const { text, begins, shown, now } = this;
    let done = copied;
    let move = shift;
    let line = index * now.length;
    for (let sample = 0; sample < now.length; sample++, line++) {
      const value = now[sample];
      const begin = begins[line];
      const before = shown[line];
      if (move !== 0) begins[line] = begin + move;
      if (isSame(value, before)) continue;
      shown[line] = value;
      if (overwriteNatural(before, value, text, begin)) continue;
      const width = writeNumber(value, digits, 0);
      let end = begin;
      while (text[end] !== NEWLINE) end++;
      if (end - begin === width) {
        for (let digit = 0; digit < width; digit++) text[begin + digit] = digits[digit];
        continue;
      }
      fresh.copy(text, done, begin);
      fresh.copy(digits, 0, width);
      done = end;
      move += width - (end - begin);
    }
    return done;
  }

  /** Appends the lines of series that are new. @param moved whether `fresh` has the text */
  private extend({ values, isThere }: Shown, moved: boolean): boolean {
    const { lines, first, series: before } = this;
    const { count, columns, places }: SeriesList = lines.family.series;
    const series = Math.min(count - first, this.most);
    if (series === before) return false;
    if (!moved) fresh.append(this.content);
    this.makeRoom(series);
    for (; this.series < series; this.series++) {
      const index = this.series;
      this.starts[index] = fresh.length;
      this.born[index] = places[first + index];
      if (!isThere(first + index)) continue;
      lines.read(values, columns[first + index], this.now);
      this.write(index, places[first + index]);
    }
    return true;
  }

  /** Appends the lines of one series, with the numbers that have been read. */
  private write(index: number, birth: number): void {
    const { lines, now, begins, shown } = this;
    this.born[index] = birth;
    lines.labelsOf(this.first + index);
    for (let sample = 0, line = index * now.length; sample < now.length; sample++, line++) {
      lines.begin(fresh, sample);
      begins[line] = fresh.length;
      shown[line] = now[sample];
      fresh.number(now[sample]);
      fresh.byte(NEWLINE);
    }
  }

  private makeRoom(series: number): void {
    if (series <= this.starts.length) return;
    const { begins, shown, starts, born } = this;
    const room = Math.min(series * 2, this.most);
    this.starts = new Int32Array(room);
    this.starts.set(starts);
    this.born = new Int32Array(room);
    this.born.set(born);
    this.begins = new Int32Array(room * this.now.length);
    this.begins.set(begins);
    this.shown = new Float64Array(room * this.now.length);
    this.shown.set(shown);
  }

  /** Takes the memory that has been written to and leaves its own, if that wastes little; else a copy. */
  private keep(): void {
    const { bytes, length } = fresh;
    if (bytes.length - length <= length >> SPARE_SHIFT) {
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
function isSame(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}
