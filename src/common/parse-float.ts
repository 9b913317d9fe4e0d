/** Unambiguous, so that matching many digits does not backtrack catastrophically. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
/** Digits that a double adds up exactly. */
const SAFE_DIGITS = 15;

/** Parses a decimal number, an infinity or NaN as Go's `strconv.ParseFloat` does; undefined if the text is none. */
export function parseDecimal(text: string): number | undefined {
  const natural = readNatural(text);
  if (natural >= 0) return natural;
  if (DECIMAL.test(text)) return Number(text);
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[+-]?nan$/i.test(text) ? Number.NaN : undefined;
}

/** Fast path for natural numbers; -1 for other texts. */
function readNatural(text: string): number {
  const { length } = text;
  if (length === 0 || length > SAFE_DIGITS) return -1;
  let value = 0;
  for (let index = 0; index < length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
