import { lint } from '../../dist/src/lint/lint.js';
import type { Finding } from '../../dist/src/lint/rules.js';
import { decodeScrape } from '../../dist/src/scrape/decode.js';

export function lintText(text: string | Buffer): Finding[] {
  return lint(decodeScrape(Buffer.from(text as string)));
}

/** The rules that complain, each once, in alphabetical order. */
export function rulesOf(text: string): string[] {
  return [...new Set(lintText(text).map(({ rule }) => rule))].sort();
}
