import fc from 'fast-check';

/** Surrogates, which are no characters alone. */
const [FIRST, COUNT] = [0xd800, 0x800];
const CHARACTERS = 0x110000 - COUNT;

/** Any character: what fast-check's unit 'binary' is, which first makes a map of all of them, for a second or more. */
export const ANY_CHARACTER = fc.nat(CHARACTERS - 1).map(
  (index) => String.fromCodePoint(index < FIRST ? index : index + COUNT),
  (value) => {
    const code = typeof value === 'string' ? value.codePointAt(0) : undefined;
    if (code === undefined || String.fromCodePoint(code) !== value) throw new Error('not one character');
    return code < FIRST ? code : code - COUNT;
  },
);
