import type { Arena } from '../arena/arena';
import type { LabelPairs } from '../kinds/definition';
import { keySpan } from './record';

/*
 * Key of a series in the registry: the family's pointer, then length and bytes of each name and value, sorted by name.
 * Lengths are 32 bits, the highest first; texts are UTF-8. No two label sets that are shown differently share a key.
 */
const LENGTH_BYTES = 4;
/** Most UTF-8 bytes that one UTF-16 unit can take. */
const MOST_PER_UNIT = 3;

/** A key: the first `length` bytes of a buffer. */
export interface SeriesKey {
  readonly bytes: Uint8Array;
  readonly length: number;
}

const key = { bytes: Buffer.alloc(1_024), length: 0 };

/**
 * The key of a label set, valid until the next call: the buffer is reused, so that a search allocates nothing per
 * label. Empty labels are left out, since Prometheus treats a label with an empty value as absent.
 */
export function encodeSeriesKey(family: number, labels: LabelPairs): SeriesKey {
  let units = 0;
  for (const [name, value] of labels) units += name.length + value.length;
  const most = LENGTH_BYTES * (1 + 2 * labels.length) + units * MOST_PER_UNIT;
  if (key.bytes.length < most) key.bytes = Buffer.alloc(most);
  let at = writeLength(0, family);
  for (const [name, value] of labels) if (value !== '') at = writeText(writeText(at, name), value);
  key.length = at;
  return key;
}

function writeLength(at: number, length: number): number {
  const { bytes } = key;
  bytes[at] = length >>> 24;
  bytes[at + 1] = length >>> 16;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = length;
  return at + LENGTH_BYTES;
}

/** Short ASCII texts, the usual case, are copied in JavaScript: an encoder costs more. Lone surrogates: U+FFFD. */
function writeText(at: number, text: string): number {
  const { bytes } = key;
  const start = at + LENGTH_BYTES;
  let index = 0;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) break;
    bytes[start + index] = code;
  }
  const length = index === text.length ? index : bytes.write(text, start, 'utf8');
  writeLength(at, length);
  return start + length;
}

/** The labels in a series record's key. */
export function readLabels(arena: Arena, record: number): LabelPairs {
  return pairsOf({ bytes: arena.u8, ...labelSpan(arena, record) });
}

/** The labels in bytes of a key. The bytes are copied, since decoders refuse shared memory. */
export function pairsOf({ bytes, start, end }: { bytes: Uint8Array; start: number; end: number }): LabelPairs {
  const texts: string[] = [];
  eachText(bytes, start, end, (from, to) => texts.push(Buffer.from(bytes.slice(from, to)).toString('utf8')));
  return Array.from({ length: texts.length / 2 }, (_, pair) => [texts[2 * pair], texts[2 * pair + 1]] as const);
}

/** Where the labels are in a series' record: its key without the family. Bytes of the arena. */
export function labelSpan(arena: Arena, record: number): { start: number; end: number } {
  const { start, end } = keySpan(arena, record);
  return { start: start + LENGTH_BYTES, end };
}

/** Visits the texts of a series' labels in its record: name, value, name, value. Bytes of the arena, UTF-8. */
export function eachLabelText(arena: Arena, record: number, visit: (start: number, end: number) => void): void {
  const { start, end } = labelSpan(arena, record);
  eachText(arena.u8, start, end, visit);
}

/** Visits the texts of labels as a key has them. Lengths are not checked: the last text may end behind `end`. */
export function eachText(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (start: number, end: number) => void,
): void {
  for (let at = start; at < end; ) {
    const textStart = at + LENGTH_BYTES;
    at = textStart + ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
    visit(textStart, at);
  }
}
