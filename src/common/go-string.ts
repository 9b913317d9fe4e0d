// not the globals: some realms have none
import { TextDecoder, TextEncoder } from 'node:util';

/** String literals of Go, which PromQL and templates have too. */

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };
const LETTERS: ReadonlyMap<number | undefined, string> = new Map(
  Object.entries(ESCAPES).map(([letter, code]) => [code, letter]),
);
/** What Go's `strconv.IsPrint` does not accept, and what ends or escapes a literal. */
const ESCAPED = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A literal in double quotes, as Go's `strconv.Quote` writes it. */
export function quote(text: string): string {
  return `"${text.toWellFormed().replace(ESCAPED, escaped)}"`;
}

/** Labels as Prometheus shows them, without braces: `a="b",c="d"`. */
export function formatLabels(labels: Iterable<readonly [name: string, value: string]>): string {
  return Array.from(labels, ([name, value]) => `${name}=${quote(value)}`).join(',');
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  if (character === '"' || character === '\\') return `\\${character}`;
  const letter = LETTERS.get(code);
  if (letter !== undefined) return `\\${letter}`;
  const hex = (digits: number): string => code.toString(16).padStart(digits, '0');
  if (code < 0x80) return `\\x${hex(2)}`;
  return code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}

/**
 * The value of a string literal. Go's escapes: `\n`, `\x41`, `\101`, `\u0041`, `\U00000041`, the quote itself; none
 * between backquotes.
 *
 * @returns undefined if it is unterminated, contains a line break, or has an unknown escape
 */
export function unquote(text: string): string | undefined {
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
