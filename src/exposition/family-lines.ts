// not the globals: some realms have none
import { TextEncoder } from 'node:util';
import type { LabelPairs } from '../kinds/definition';
import { kindOf } from '../kinds/kinds';
import { type Sample, type SampleReader, valueAtFirst } from '../kinds/sample';
import type { Family } from '../registry/family';
import type { TextFormat } from './format';
import { TextBuffer } from './text-buffer';

export const NEWLINE = 10;
const COMMA = 44;
const QUOTE = 34;
const BACKSLASH = 92;
const LETTER_N = 110;
const encoder = new TextEncoder();
const EQUALS = encoder.encode('="');

/** The constant parts of one kind of line: the name before the labels, and the additional label (`le="0.1"`). */
interface Line {
  head: Uint8Array;
  tail: Uint8Array;
  /** The text before the number in a line of a series without labels. */
  bare: Uint8Array;
}

/** Writes the constant parts of a metric's lines. */
export class FamilyLines {
  readonly header: Uint8Array;
  /** Lines of each series. */
  readonly count: number;
  /** Reads the numbers of one series' lines. */
  readonly read: SampleReader;
  private readonly samples: readonly Sample[];
  private readonly lines: readonly Line[];
  private readonly labels = new TextBuffer(256);

  constructor(
    readonly family: Family,
    readonly format: TextFormat,
  ) {
    const { definition } = family;
    this.header = encoder.encode(format.header(definition));
    const kind = kindOf(definition);
    this.samples = kind.samples(definition);
    this.lines = this.samples.map((sample) => {
      const { label } = sample;
      const name = format.lineName(definition, sample);
      const own = label && `${label[0]}="${label[1]}"`;
      return {
        head: encoder.encode(`${name}{`),
        tail: encoder.encode(own === undefined ? '} ' : `,${own}} `),
        bare: encoder.encode(own === undefined ? `${name} ` : `${name}{${own}} `),
      };
    });
    this.count = this.samples.length;
    this.read = kind.sampleReader(definition);
  }

  /** Appends one line of the series whose labels were set last, up to its number. */
  begin(out: TextBuffer, sample: number): void {
    const { labels } = this;
    const { head, tail, bare } = this.lines[sample];
    if (labels.length === 0) {
      out.append(bare);
      return;
    }
    out.append(head);
    out.copy(labels.bytes, 0, labels.length);
    out.append(tail);
  }

  /** Appends the number of a line. */
  number(out: TextBuffer, value: number): void {
    out.number(value, this.format.writeNumber);
  }

  /** Takes the labels of a series straight from the registry's bytes. */
  labelsOf(index: number): void {
    const { labels, family } = this;
    labels.length = 0;
    let isName = true;
    family.eachLabelText(index, (bytes, start, end) => {
      if (isName) this.writeLabelName(bytes, start, end);
      else writeLabelValue(labels, bytes, start, end);
      isName = !isName;
    });
  }

  /** Shows zero for a metric with free labels and no series yet, to distinguish it from a missing metric. */
  zero(out: TextBuffer, defaultLabels: LabelPairs): void {
    const { labels } = this;
    labels.length = 0;
    for (const [name, value] of defaultLabels) {
      const [nameBytes, valueBytes] = [encoder.encode(name), encoder.encode(value)];
      this.writeLabelName(nameBytes, 0, nameBytes.length);
      writeLabelValue(labels, valueBytes, 0, valueBytes.length);
    }
    for (let sample = 0; sample < this.count; sample++) {
      this.begin(out, sample);
      this.number(out, valueAtFirst(this.samples[sample]));
      out.byte(NEWLINE);
    }
  }

  private writeLabelName(bytes: Uint8Array, start: number, end: number): void {
    if (this.labels.length > 0) this.labels.byte(COMMA);
    this.labels.copy(bytes, start, end);
    this.labels.append(EQUALS);
  }
}

/** Appends a value with what the format escapes, and its closing quote. */
function writeLabelValue(out: TextBuffer, source: Uint8Array, start: number, end: number): void {
  out.reserve(2 * (end - start) + 1);
  const { bytes } = out;
  let to = out.length;
  for (let at = start; at < end; at++) {
    const code = source[at];
    if (code === BACKSLASH || code === QUOTE || code === NEWLINE) bytes[to++] = BACKSLASH;
    bytes[to++] = code === NEWLINE ? LETTER_N : code;
  }
  bytes[to++] = QUOTE;
  out.length = to;
}
