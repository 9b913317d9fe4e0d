import type { Arena } from '../arena/arena';
import { keySpan } from '../arena/registry';
import type { LabelPairs } from './definition';

/*
 * Key of a series in the registry: the family's pointer, then length and bytes of each name and value, sorted by name.
 * Lengths are 32 bits, the highest first; texts are UTF-8. No two label sets share a key.
 */
const LENGTH_BYTES = 4;
/** Most UTF-8 bytes of one UTF-16 unit. */
const MOST_PER_UNIT = 3;

let scratch = Buffer.alloc(1_024);

/** The key's bytes, good until the next call: registering a series must not leave garbage for every text it has. */
export function encodeSeriesKey(family: number, labels: LabelPairs): Uint8Array {
  let units = 0;
  for (const [name, value] of labels) units += name.length + value.length;
  const most = LENGTH_BYTES * (1 + 2 * labels.length) + units * MOST_PER_UNIT;
  if (scratch.length < most) scratch = Buffer.alloc(most);
  let at = writeLength(0, family);
  for (const [name, value] of labels) at = writeText(writeText(at, name), value);
  return scratch.subarray(0, at);
}

function writeLength(at: number, length: number): number {
  scratch[at] = length >>> 24;
  scratch[at + 1] = length >>> 16;
  scratch[at + 2] = length >>> 8;
  scratch[at + 3] = length;
  return at + LENGTH_BYTES;
}

/** Most texts are short and ASCII: those are not worth a call out of JavaScript. */
function writeText(at: number, text: string): number {
  const start = at + LENGTH_BYTES;
  let index = 0;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) break;
    scratch[start + index] = code;
  }
  const length = index === text.length ? index : scratch.write(text, start, 'utf8');
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
