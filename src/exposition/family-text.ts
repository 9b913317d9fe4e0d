// not the globals: there are realms that have none
import { TextEncoder } from 'node:util';
import type { Family } from '../aggregate/catalog';
import type { LabelPairs } from '../aggregate/definition';
import { type ReadSamples, samplesOf, sampleValues } from '../aggregate/samples';
import { eachLabelText } from '../aggregate/series-key';
import { presenceIn, type Snapshot } from '../aggregate/snapshot';
import { NUMBER_BYTES, writeNumber } from './number-text';
import { TextBuffer } from './text-buffer';

const NEWLINE = 10;
const COMMA = 44;
const QUOTE = 34;
const BACKSLASH = 92;
const LETTER_N = 110;
const encoder = new TextEncoder();
const NONE = new Uint8Array();
const [OPEN, CLOSE, EQUALS, SPACE] = ['{', '} ', '="', ' '].map((text) => encoder.encode(text));

/** What a kind of line of the metric begins with, and the label it adds (`le="0.1"`). */
interface Line {
  name: Uint8Array;
  own: Uint8Array;
}

/**
 * One metric's lines as they were last rendered. From one scrape to the next most of the text stays: a number of the same
 * width is overwritten, everything between two numbers whose width changes is copied in one go.
 */
export class FamilyText {
  private readonly header: Uint8Array;
  private readonly lines: readonly Line[];
  private readonly read: ReadSamples;
  /** The present values of one series' lines. */
  private readonly now: Float64Array;
  private readonly digits = new Uint8Array(NUMBER_BYTES);
  private readonly labels = new TextBuffer(256);
  private text: Uint8Array = NONE;
  private textLength = 0;
  /** Series that have been seen; where the lines of each begin: at those of the next, if it is not there now. */
  private series = 0;
  private starts = new Int32Array(0);
  /** Births of the series whose lines these are. */
  private born = new Int32Array(0);
  /** Per line, where its number begins and which it is. */
  private begins = new Int32Array(0);
  private shown = new Float64Array(0);

  constructor(
    private readonly family: Family,
    private readonly defaultLabels: LabelPairs,
  ) {
    const { name, description, type } = family.definition;
    const help = description.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    this.header = encoder.encode(`${help && `# HELP ${name} ${help}\n`}# TYPE ${name} ${type}\n`);
    const samples = samplesOf(family.definition);
    this.lines = samples.map(({ suffix, label }) => ({
      name: encoder.encode(`${name}${suffix}`),
      own: label === undefined ? NONE : encoder.encode(`${label[0]}="${label[1]}"`),
    }));
    this.read = sampleValues(family.definition);
    this.now = new Float64Array(samples.length);
  }

  /** How long the text was when it was last rendered. */
  get length(): number {
    return this.header.length + this.textLength;
  }

  /** Appends header and lines. Snapshots have to come in the order of their times. */
  render(out: TextBuffer, snapshot: Snapshot): void {
    out.append(this.header);
    const start = out.length;
    const isThere = presenceIn(snapshot, this.family);
    const moved = this.revisit(out, start, snapshot.values, isThere);
    const extended = this.extend(out, start, snapshot, isThere);
    if (moved || extended) this.keep(out.bytes.subarray(start, out.length));
    if (this.textLength === 0 && this.family.definition.labelNames === null) this.showZero(out);
  }

  /**
   * Appends the lines of the last text, with the present numbers; those of series that are gone are left out, and those
   * of series that are back are put in.
   *
   * @returns whether something got another width, so that the text is not what has been appended
   */
  private revisit(out: TextBuffer, start: number, values: Float64Array, isThere: (index: number) => boolean): boolean {
    const { text, now, starts } = this;
    const { columns, places } = this.family.series;
    let copied = 0;
    let moved = false;
    for (let index = 0; index < this.series; index++) {
      const begin = starts[index];
      const end = index + 1 < this.series ? starts[index + 1] : this.textLength;
      const shift = out.length - start - copied;
      starts[index] = begin + shift;
      const wasThere = end > begin;
      if (isThere(index)) {
        this.read(values, columns[index], now);
        if (wasThere && this.born[index] === places[index]) {
          const behind = this.rewrite(out, index, copied, shift);
          moved ||= behind !== copied;
          copied = behind;
          continue;
        }
        out.copy(text, copied, begin);
        this.born[index] = places[index];
        this.writeSeries(out, start, index);
      } else if (wasThere) out.copy(text, copied, begin);
      else continue;
      copied = end;
      moved = true;
    }
    out.copy(text, copied, this.textLength);
    return moved;
  }

  /**
   * Brings the numbers of one series up to date: in the last text where they keep their width, otherwise what comes before
   * the number is appended with it.
   *
   * @param copied how much of the last text has been appended
   * @param shift how far the lines move
   * @returns how much has been appended then
   */
  private rewrite(out: TextBuffer, index: number, copied: number, shift: number): number {
    const { text, begins, shown, now, digits } = this;
    let done = copied;
    let move = shift;
    let line = index * now.length;
    for (let sample = 0; sample < now.length; sample++, line++) {
      const value = now[sample];
      const begin = begins[line];
      begins[line] = begin + move;
      if (isSame(value, shown[line])) continue;
      shown[line] = value;
      const width = writeNumber(value, digits, 0);
      let end = begin;
      while (text[end] !== NEWLINE) end++;
      if (end - begin === width) {
        for (let digit = 0; digit < width; digit++) text[begin + digit] = digits[digit];
        continue;
      }
      out.copy(text, done, begin);
      out.copy(digits, 0, width);
      done = end;
      move += width - (end - begin);
    }
    return done;
  }

  /** Appends the lines of series that are new. */
  private extend(out: TextBuffer, start: number, { values }: Snapshot, isThere: (index: number) => boolean): boolean {
    const { series } = this.family;
    const before = this.series;
    while (this.series < series.count) {
      const index = this.series++;
      this.makeRoom(this.series);
      this.starts[index] = out.length - start;
      this.born[index] = series.places[index];
      if (!isThere(index)) continue;
      this.read(values, series.columns[index], this.now);
      this.writeSeries(out, start, index);
    }
    return this.series > before;
  }

  /** Appends the lines of one series, with the numbers that have been read. */
  private writeSeries(out: TextBuffer, start: number, index: number): void {
    this.writeLabels(index);
    for (let sample = 0; sample < this.now.length; sample++) {
      const line = index * this.lines.length + sample;
      this.beginLine(out, this.lines[sample]);
      this.begins[line] = out.length - start;
      this.shown[line] = this.now[sample];
      out.number(this.now[sample]);
      out.byte(NEWLINE);
    }
  }

  private makeRoom(series: number): void {
    if (series <= this.starts.length) return;
    const { begins, shown, starts, born } = this;
    const lines = series * this.lines.length;
    this.starts = new Int32Array(series * 2);
    this.starts.set(starts);
    this.born = new Int32Array(series * 2);
    this.born.set(born);
    this.begins = new Int32Array(lines * 2);
    this.begins.set(begins);
    this.shown = new Float64Array(lines * 2);
    this.shown.set(shown);
  }

  private keep(text: Uint8Array): void {
    if (text.length > this.text.length) this.text = new Uint8Array(text.length + (text.length >> 4));
    this.text.set(text);
    this.textLength = text.length;
  }

  private beginLine(out: TextBuffer, { name, own }: Line): void {
    const { labels } = this;
    out.append(name);
    if (labels.length + own.length === 0) {
      out.append(SPACE);
      return;
    }
    out.append(OPEN);
    out.copy(labels.bytes, 0, labels.length);
    if (labels.length > 0 && own.length > 0) out.byte(COMMA);
    out.append(own);
    out.append(CLOSE);
  }

  /** Writes the labels of a series as they stand in its lines, straight from the registry's bytes. */
  private writeLabels(index: number): void {
    const { labels, family } = this;
    labels.length = 0;
    let isName = true;
    eachLabelText(family.arena, family.series.records[index], (start, end) => {
      if (isName) this.writeLabelName(family.arena.u8, start, end);
      else writeLabelValue(labels, family.arena.u8, start, end);
      isName = !isName;
    });
  }

  private writeLabelName(bytes: Uint8Array, start: number, end: number): void {
    if (this.labels.length > 0) this.labels.byte(COMMA);
    this.labels.copy(bytes, start, end);
    this.labels.append(EQUALS);
  }

  /** A metric that may have any labels and has no series yet shows itself as zero: it can be told from a missing one. */
  private showZero(out: TextBuffer): void {
    const { labels, lines, now } = this;
    labels.length = 0;
    for (const [name, value] of this.defaultLabels) {
      const [nameBytes, valueBytes] = [encoder.encode(name), encoder.encode(value)];
      this.writeLabelName(nameBytes, 0, nameBytes.length);
      writeLabelValue(labels, valueBytes, 0, valueBytes.length);
    }
    now.fill(0);
    if (this.family.definition.type === 'summary') now.fill(Number.NaN, 0, this.family.definition.quantiles.length);
    lines.forEach((line, sample) => {
      this.beginLine(out, line);
      out.number(now[sample]);
      out.byte(NEWLINE);
    });
  }
}

/** Whether two numbers are shown alike. */
function isSame(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

/** Appends a value with what the format escapes, and its closing quote. */
function writeLabelValue(out: TextBuffer, bytes: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at++) {
    const code = bytes[at];
    if (code === BACKSLASH || code === QUOTE || code === NEWLINE) out.byte(BACKSLASH);
    out.byte(code === NEWLINE ? LETTER_N : code);
  }
  out.byte(QUOTE);
}
