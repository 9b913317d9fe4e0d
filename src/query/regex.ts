import { RE2JS } from 're2js';

const compiled = new Map<string, RE2JS | undefined>();
const MOST_COMPILED = 1_000;
/** Instructions, of some 300 bytes each, of all cached expressions. */
const MOST_KEPT = 200_000;
let kept = 0;
let timesForgotten = 0;

/** Instructions of the regular expressions of one query: to compile and to try so many takes a thread up to half a second. */
export const MOST_INSTRUCTIONS = 100_000;

/**
 * A regular expression in RE2's syntax, which has to match the whole of a text. It takes time linear in the text, whatever
 * the expression. Short ones may be large (`x{1000}`): callers that cache them must drop them when `regexAge` changes.
 *
 * @returns undefined if it is invalid
 */
export function compileRegex(text: string): RE2JS | undefined {
  return compileSearch(`^(?:${text})$`);
}

/** The same, which has to match some part of a text. */
export function compileSearch(text: string): RE2JS | undefined {
  if (compiled.has(text)) return compiled.get(text);
  const regex = compile(text);
  const size = regex?.programSize() ?? 0;
  if (compiled.size >= MOST_COMPILED || kept + size > MOST_KEPT) {
    compiled.clear();
    kept = 0;
    timesForgotten++;
  }
  kept += size;
  compiled.set(text, regex);
  return regex;
}

/** The generation of the cache: changes when the cached expressions have been dropped. */
export function regexAge(): number {
  return timesForgotten;
}

function compile(text: string): RE2JS | undefined {
  try {
    return RE2JS.compile(text);
  } catch {
    return undefined;
  }
}

/** Steps of one match, at most: a thread takes a quarter of a second for that many. */
export const MOST_MATCHING = 5_000_000;
/** Steps that compiling an instruction takes. */
const COMPILING = 20;

/** Steps of trying a text, at most: each instruction at each character, with what it keeps of each group. */
export function matchingWork(regex: RE2JS, characters: number): number {
  return regex.programSize() * ((regex.groupCount() + 1) * (characters + 1) + COMPILING);
}

/** What the groups of a match are, by number and by name. */
export function groupsOf(regex: RE2JS, matcher: ReturnType<RE2JS['matcher']>): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  for (let group = 0; group <= matcher.groupCount(); group++) groups.set(String(group), matcher.group(group) ?? '');
  for (const name of Object.keys(regex.namedGroups())) groups.set(name, matcher.group(name) ?? '');
  return groups;
}

const REFERENCE = /\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

/** The characters of what `expandGroups` makes. */
export function expandedLength(template: string, groups: ReadonlyMap<string, string>): number {
  let { length } = template;
  for (const [whole, dollar, braced, plain] of template.matchAll(REFERENCE))
    length += (dollar === undefined ? (groups.get(braced ?? plain)?.length ?? 0) : 1) - whole.length;
  return length;
}

/** Go's templates: `$1`, `${1}`, `$name`, `${name}`, `$$`. A group that is not there is empty. */
export function expandGroups(template: string, groups: ReadonlyMap<string, string>): string {
  return template.replace(REFERENCE, (_, dollar, braced, plain) =>
    dollar === undefined ? (groups.get(braced ?? plain) ?? '') : '$',
  );
}
