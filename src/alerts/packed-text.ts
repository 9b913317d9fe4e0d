const WORD_BYTES = 8;

/** A text as words of 8 bytes, to be stored in place of numbers: its length in bytes, then its UTF-8. */
export function packText(text: string): Float64Array {
  const bytes = Buffer.from(text);
  const words = new Float64Array(1 + Math.ceil(bytes.length / WORD_BYTES));
  words[0] = bytes.length;
  new Uint8Array(words.buffer, WORD_BYTES).set(bytes);
  return words;
}

export function unpackText(words: Float64Array): string {
  const { buffer, byteOffset } = words;
  // copied: decoders do not accept shared memory
  return Buffer.from(new Uint8Array(buffer, byteOffset + WORD_BYTES, words[0]).slice()).toString('utf8');
}
