// not the globals: some realms have none
import { TextDecoder, TextEncoder } from 'node:util';

const UNITS: Readonly<Record<string, number>> = {
  y: 365 * 86_400_000,
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
};

/** Go's durations are nanoseconds in 64 bits. */
const LONGEST_DURATION = (2 ** 63 - 1) / 1e6;

/** Each unit once, the larger ones first. */
const DURATION = /^(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;

/** Milliseconds of a duration like `1h30m`; undefined if the text is none, or it is longer than 292 years. */
export function readDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let sum = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|[ywdhms])/g)) sum += Number(digits) * UNITS[unit];
  return sum > LONGEST_DURATION ? undefined : sum;
}

/** A duration as PromQL writes it. */
export function printDuration(milliseconds: number): string {
  let rest = Math.abs(milliseconds);
  let text = milliseconds < 0 ? '-' : '';
  for (const [unit, length] of Object.entries(UNITS)) {
    // a year is no whole number of weeks: `y` and `w` are used only if they divide the whole rest
    if (rest === 0 || ((unit === 'y' || unit === 'w') && rest % length !== 0)) continue;
    const count = Math.floor(rest / length);
    if (count > 0) text += `${count}${unit}`;
    rest %= length;
  }
  return text;
}

/** A string in quotes, with Go's escapes. */
export function printString(text: string): string {
  const escaped = text.replace(/[\\"\p{Cc}]/gu, (character) => {
    const code = character.charCodeAt(0);
    const letter = Object.entries(ESCAPES).find(([, other]) => other === code)?.[0];
    if (code >= 0x20 && code < 0x7f) return `\\${character}`;
    return letter === undefined ? `\\${code < 0x80 ? 'x' : 'u00'}${code.toString(16).padStart(2, '0')}` : `\\${letter}`;
  });
  return `"${escaped}"`;
}

/**
 * A number as Go's `strconv` reads it. Prometheus tries an integer first: `0x1f` is hexadecimal, `017` octal.
 * undefined if the text is not a number.
 */
export function readNumber(text: string): number | undefined {
  const [, sign, digits] = /^([+-]?)(.*)$/s.exec(text)!;
  const value = readUnsigned(digits);
  return value === undefined || sign !== '-' ? value : -value;
}

function readUnsigned(text: string): number | undefined {
  if (/^inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text);
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The value of a string literal. Go's escapes: `\n`, `\x41`, `\101`, `\u0041`, `\U00000041`, the quote itself; none
 * between backquotes.
 *
 * @returns undefined if it is unterminated, contains a line break, or has an unknown escape
 */
export function readString(text: string): string | undefined {
  const [quote] = text;
  if (text.length < 2 || !text.endsWith(quote)) return undefined;
  const inner = text.slice(1, -1);
  if (quote === '`') return inner.replaceAll('\r', '');
  if (inner.includes('\n')) return undefined;
  return inner.includes('\\') ? unescaped(inner, quote) : inner;
}

function unescaped(inner: string, quote: string): string | undefined {
  const bytes: number[] = [];
  const part = /([^\\]+)|\\(?:([abfnrtv])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\\'"]))/gy;
  while (part.lastIndex < inner.length) {
    const match = part.exec(inner);
    if (match === null) return undefined;
    const [, plain, letter, hex, short, long, octal, other] = match;
    if (letter !== undefined) bytes.push(ESCAPES[letter]);
    else if (hex !== undefined || octal !== undefined) bytes.push(Number.parseInt(hex ?? octal, hex ? 16 : 8));
    else if (short !== undefined || long !== undefined) {
      const point = Number.parseInt(short ?? long, 16);
      if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
      bytes.push(...encoder.encode(String.fromCodePoint(point)));
    } else if (other !== undefined && other !== '\\' && other !== quote) return undefined;
    else bytes.push(...encoder.encode(plain ?? other));
    if (bytes[bytes.length - 1] > 255) return undefined;
  }
  return decoder.decode(Uint8Array.from(bytes));
}
