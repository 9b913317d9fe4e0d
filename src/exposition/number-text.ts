/** Most bytes that a number takes: a sign, 17 digits, a point and an exponent. */
export const NUMBER_BYTES = 26;

const ZERO = 48;
const POINT = 46;
const MINUS = 45;
const DECIMALS = 6;
const SCALE = 10 ** DECIMALS;
/** Numbers of up to 15 digits have only one decimal form of that length, so whichever way it is found is canonical. */
const EXACT = 1e15;

/**
 * Writes a number in ASCII as Prometheus reads it: the shortest digits that read back as the same number. Whole numbers
 * and those of up to six decimals, which most values are, are written digit by digit without making a string.
 *
 * @returns the index behind it
 */
export function writeNumber(value: number, bytes: Uint8Array, at: number): number {
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER && value === Math.floor(value)) return natural(value, bytes, at);
  const size = Math.abs(value);
  const scaled = Math.round(size * SCALE);
  if (scaled >= EXACT || scaled / SCALE !== size) return ascii(special(value), bytes, at);
  if (value < 0) bytes[at++] = MINUS;
  const whole = Math.floor(scaled / SCALE);
  at = natural(whole, bytes, at);
  return fraction(scaled - whole * SCALE, bytes, at);
}

/**
 * Writes a whole number over one of as many digits.
 *
 * @returns false if it is another kind of number, or of another length: then nothing has been written
 */
export function overwriteNatural(before: number, value: number, bytes: Uint8Array, at: number): boolean {
  let rest = value | 0;
  const old = before | 0;
  if (rest !== value || old !== before || rest < 0 || old < 0) return false;
  let digits = 1;
  let power = 10;
  while (power <= rest) {
    if (power > old) return false;
    power *= 10;
    digits++;
  }
  if (power <= old) return false;
  for (let place = at + digits - 1; place >= at; place--) {
    const next = (rest / 10) | 0;
    bytes[place] = ZERO + (rest - next * 10);
    rest = next;
  }
  return true;
}

function special(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

function ascii(text: string, bytes: Uint8Array, at: number): number {
  for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
  return at;
}

function natural(value: number, bytes: Uint8Array, at: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits++;
  let place = at + digits;
  while (value > 0x7fffffff) {
    const rest = Math.floor(value / 10);
    bytes[--place] = ZERO + (value - rest * 10);
    value = rest;
  }
  let small = value | 0;
  do {
    const rest = (small / 10) | 0;
    bytes[--place] = ZERO + (small - rest * 10);
    small = rest;
  } while (small > 0);
  return at + digits;
}

/** The decimals of a number, without zeros at the end. */
function fraction(millionths: number, bytes: Uint8Array, at: number): number {
  if (millionths === 0) return at;
  let digits = DECIMALS;
  let rest = millionths | 0;
  while (rest % 10 === 0) {
    rest = (rest / 10) | 0;
    digits--;
  }
  bytes[at] = POINT;
  for (let place = at + digits; place > at; place--) {
    const next = (rest / 10) | 0;
    bytes[place] = ZERO + (rest - next * 10);
    rest = next;
  }
  return at + digits + 1;
}
