import { formatNumber } from '../common/format-float';

/** Most bytes that a number takes: a sign, 17 digits, a point and an exponent. */
export const NUMBER_BYTES = 26;

const ZERO = 48;
const POINT = 46;
const MINUS = 45;
/** Most values have few decimals; multiples of a negative power of two have some more. */
const FEW = { digits: 6, scale: 1e6 };
const MORE = { digits: 10, scale: 1e10 };
/** Smaller numbers are written with an exponent. */
const SMALLEST = 1e-6;
/** A number of up to 15 digits has only one decimal form of that length, so any way to compute it gives the same. */
const EXACT = 1e15;

/**
 * Writes a number in ASCII as Prometheus reads it: the shortest digits that read back as the same number. Whole numbers
 * and those of up to ten decimals, which most values are, are written digit by digit without making a string.
 *
 * @returns the index behind it
 */
export function writeNumber(value: number, bytes: Uint8Array, at: number): number {
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER && value === Math.floor(value)) return natural(value, bytes, at);
  const size = Math.abs(value);
  const { digits, scale } = isScaled(size, FEW.scale) ? FEW : MORE;
  if (size < SMALLEST || !isScaled(size, scale)) return ascii(formatNumber(value), bytes, at);
  if (value < 0) bytes[at++] = MINUS;
  const scaled = Math.round(size * scale);
  const whole = Math.floor(scaled / scale);
  return fraction(scaled - whole * scale, digits, bytes, natural(whole, bytes, at));
}

/** Whether a number times `scale` is an integer below EXACT, so that its decimal form is unique. */
function isScaled(size: number, scale: number): boolean {
  const scaled = Math.round(size * scale);
  return scaled < EXACT && scaled / scale === size;
}

/**
 * Overwrites a natural number by another one with the same number of digits.
 *
 * @param end the index behind it
 * @returns false if either is no natural number, or the lengths differ: then nothing has been written
 */
export function overwriteNatural(before: number, value: number, bytes: Uint8Array, end: number): boolean {
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
  for (let place = end - 1; place >= end - digits; place--) {
    const next = (rest / 10) | 0;
    bytes[place] = ZERO + (rest - next * 10);
    rest = next;
  }
  return true;
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

/** Writes a fraction with so many digits, without trailing zeros. */
function fraction(parts: number, digits: number, bytes: Uint8Array, at: number): number {
  if (parts === 0) return at;
  let end = at + digits;
  for (let place = end; place > at; place--) {
    const next = Math.floor(parts / 10);
    bytes[place] = ZERO + (parts - next * 10);
    parts = next;
  }
  bytes[at] = POINT;
  while (bytes[end] === ZERO) end--;
  return end + 1;
}
