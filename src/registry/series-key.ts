import type { Arena } from '../arena/arena';
import type { LabelPairs } from '../kinds/definition';
import { keySpan } from './directory';

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
  const texts: string[] = [];
  eachLabelText(arena, record, (start, end) => texts.push(arena.textBetween(start, end)));
  return Array.from({ length: texts.length / 2 }, (_, pair) => [texts[2 * pair], texts[2 * pair + 1]] as const);
}

/** Visits the texts of a series' labels in its record: name, value, name, value. Bytes of the arena, UTF-8. */
export function eachLabelText(arena: Arena, record: number, visit: (start: number, end: number) => void): void {
  const { u8 } = arena;
  const { start, end } = keySpan(arena, record);
  for (let at = start + LENGTH_BYTES; at < end; ) {
    const textStart = at + LENGTH_BYTES;
    at = textStart + ((u8[at] << 24) | (u8[at + 1] << 16) | (u8[at + 2] << 8) | u8[at + 3]);
    visit(textStart, at);
  }
}
