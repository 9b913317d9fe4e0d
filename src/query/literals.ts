// not the globals: some realms have none
import { TextDecoder, TextEncoder } from 'node:util';

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
