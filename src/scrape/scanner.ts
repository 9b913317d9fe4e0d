import { shown } from '../common/errors';
import { METRIC_NAME } from '../common/names';
import { ScrapeError } from './error';

/** Longest line that is read, in UTF-16 units. */
export const LONGEST_LINE = 2 ** 20;

const SPACE = 32;
const TAB = 9;
const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
/** By ASCII code: 1 = may begin a name, 2 = may continue it. */
const NAME_CODES = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return METRIC_NAME.test(character) ? 1 : METRIC_NAME.test(`_${character}`) ? 2 : 0;
});

/** Walks over the lines of an exposition and splits them into tokens. Every error has line and column. */
export class Scanner {
  /** Number of the present line, from 1. */
  line = 0;
  /** Next unit to read. */
  at = 0;
  /** End of the present line: its newline, or the end of the text. */
  end = -1;
  /** Whether an unknown escape has occurred. */
  badEscape = false;
  private start = 0;
  private lastName = '';

  constructor(readonly text: string) {}

  /** Goes to the next line. @returns whether there is one */
  nextLine(): boolean {
    if (this.end + 1 >= this.text.length) return false;
    this.start = this.at = this.end + 1;
    const newline = this.text.indexOf('\n', this.start);
    this.end = newline === -1 ? this.text.length : newline;
    this.line++;
    this.badEscape = false;
    if (this.end - this.start > LONGEST_LINE) this.fail(`the line is longer than ${LONGEST_LINE} characters`);
    return true;
  }

  fail(message: string, at = this.at): never {
    throw new ScrapeError(message, { line: this.line, column: at - this.start + 1 });
  }

  /** Throws an error that quotes the text found here. */
  expected(what: string, at = this.at): never {
    const rest = this.text.slice(at, Math.min(this.end, at + 40));
    return this.fail(`expected ${what}, got ${rest === '' ? 'the end of the line' : shown(rest)}`, at);
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  peek(): number {
    return this.at < this.end ? this.text.charCodeAt(this.at) : 0;
  }

  /** Consumes one character if it is the next one. */
  take(code: number): boolean {
    if (this.at >= this.end || this.text.charCodeAt(this.at) !== code) return false;
    this.at++;
    return true;
  }

  skipBlanks(): void {
    for (; this.at < this.end; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code !== SPACE && code !== TAB) return;
    }
  }

  /** Reads a metric's name. If it equals that of the previous line, returns the same string. */
  metricName(): string {
    const { lastName, text, at } = this;
    if (lastName !== '' && text.startsWith(lastName, at) && !isNameCode(text.charCodeAt(at + lastName.length))) {
      this.at += lastName.length;
      return lastName;
    }
    this.lastName = this.name('a metric name');
    return this.lastName;
  }

  labelName(): string {
    const { at } = this;
    const name = this.name('a label name');
    return name.includes(':') ? this.expected('a label name', at) : name;
  }

  private name(what: string): string {
    const { at } = this;
    if (NAME_CODES[this.peek()] !== 1) this.expected(what);
    while (this.at < this.end && isNameCode(this.text.charCodeAt(this.at))) this.at++;
    return this.text.slice(at, this.at);
  }

  /** Reads a quoted string, from its opening quote. */
  quoted(): string {
    const { text } = this;
    const from = this.at + 1;
    let quote = text.indexOf('"', from);
    let escaped = false;
    while (quote !== -1 && quote < this.end && backslashes(text, quote, from) % 2 === 1) {
      escaped = true;
      quote = text.indexOf('"', quote + 1);
    }
    if (quote === -1 || quote >= this.end) this.fail('the string has no closing quote');
    this.at = quote + 1;
    const raw = text.slice(from, quote);
    return escaped || raw.includes('\\') ? this.unescape(raw) : raw;
  }

  /** @param plain characters that stand for themselves after a backslash */
  unescape(raw: string, plain = '\\"'): string {
    return raw.replace(/\\(.?)/gsu, (all, code: string) => {
      if (code === 'n') return '\n';
      if (code !== '' && plain.includes(code)) return code;
      this.badEscape = true;
      return all;
    });
  }

  /** Everything up to the next blank. */
  word(): string {
    const { at } = this;
    while (this.at < this.end) {
      const code = this.text.charCodeAt(this.at);
      if (code === SPACE || code === TAB) break;
      this.at++;
    }
    return this.text.slice(at, this.at);
  }

  /** What is left of the line. */
  rest(): string {
    const rest = this.text.slice(this.at, this.end);
    this.at = this.end;
    return rest;
  }

  get atQuote(): boolean {
    return this.peek() === QUOTE;
  }
}

function isNameCode(code: number): boolean {
  return code <= COLON ? code === COLON || (code >= 48 && code <= 57) : code < 128 && NAME_CODES[code] !== 0;
}

/** The number of consecutive backslashes before an index. */
function backslashes(text: string, index: number, from: number): number {
  let count = 0;
  while (index - 1 - count >= from && text.charCodeAt(index - 1 - count) === BACKSLASH) count++;
  return count;
}
