import { RE2JS } from 're2js';

const compiled = new Map<string, RE2JS | undefined>();
const MOST_COMPILED = 1_000;

/**
 * A regular expression in RE2's syntax, which has to match the whole of a text. It takes time linear in the text, whatever
 * the expression.
 *
 * @returns undefined if it is none
 */
export function compileRegex(text: string): RE2JS | undefined {
  if (compiled.has(text)) return compiled.get(text);
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  const regex = compile(text);
  compiled.set(text, regex);
  return regex;
}

function compile(text: string): RE2JS | undefined {
  try {
    return RE2JS.compile(`^(?:${text})$`);
  } catch {
    return undefined;
  }
}
