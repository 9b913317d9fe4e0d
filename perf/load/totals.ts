const NEWLINE = 0x0a;
const SPACE = 0x20;
const BRACE = 0x7b;
const HASH = 0x23;

/** Adds up the samples of a text in Prometheus' format, by their names. Reads the bytes: the text may be too long for a string. */
export function totalsOf(text: Uint8Array): Record<string, number> {
  const totals: Record<string, number> = {};
  const buffer = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  let start = 0;
  let name = '';
  while (start < buffer.length) {
    let end = buffer.indexOf(NEWLINE, start);
    if (end === -1) end = buffer.length;
    if (end > start && buffer[start] !== HASH) {
      name = nameAt(buffer, start, name);
      totals[name] = (totals[name] ?? 0) + valueAt(buffer, start, end);
    }
    start = end + 1;
  }
  return totals;
}

/** Most lines have the name of the line before. */
function nameAt(buffer: Buffer, start: number, before: string): string {
  const after = buffer[start + before.length];
  if (
    before !== '' &&
    (after === BRACE || after === SPACE) &&
    buffer.toString('latin1', start, start + before.length) === before
  )
    return before;
  let end = start;
  while (buffer[end] !== BRACE && buffer[end] !== SPACE) end++;
  return buffer.toString('latin1', start, end);
}

/** There are no timestamps here: the value is what follows the last space. */
function valueAt(buffer: Buffer, start: number, end: number): number {
  const from = buffer.lastIndexOf(SPACE, end - 1) + 1;
  return Number(buffer.toString('latin1', Math.max(from, start), end));
}
