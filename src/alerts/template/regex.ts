import { limited } from '../../query/failure';
import { compileSearch, expandedLength, expandGroups, groupsOf, matchingWork } from '../../query/regex';
import { checkLength } from './allowance';
import { TemplateError } from './lexer';

/** Whether a regular expression in RE2's syntax matches some part of a text. @throws TemplateError if it is none; RingmeterError RINGMETER_QUERY_LIMIT */
export function matches(pattern: string, text: string): boolean {
  return compiled(pattern, text).matcher(text).find();
}

/**
 * Go's `Regexp.ReplaceAllString`: right behind a match, an empty one is none.
 *
 * @throws TemplateError if the pattern is no regular expression in RE2's syntax
 */
export function replaceAll(pattern: string, replacement: string, text: string): string {
  const regex = compiled(pattern, text);
  const matcher = regex.matcher(text);
  let replaced = '';
  let done = -1;
  while (matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (start === end && start === done) continue;
    const groups = groupsOf(regex, matcher);
    checkLength(replaced.length + (start - Math.max(done, 0)) + expandedLength(replacement, groups));
    replaced += text.slice(Math.max(done, 0), start) + expandGroups(replacement, groups);
    done = end;
  }
  return replaced + text.slice(Math.max(done, 0));
}

/** Work of trying a text, at most: a thread does that in a quarter of a second. */
const MOST_MATCHING = 5_000_000;

function compiled(pattern: string, text: string) {
  const regex = compileSearch(pattern);
  if (regex === undefined) throw new TemplateError(`${JSON.stringify(pattern)} is no regular expression`);
  const work = matchingWork(regex, text);
  if (work > MOST_MATCHING)
    throw limited(`a regular expression of a template needs ${work} steps for one text, and may take ${MOST_MATCHING}`);
  return regex;
}
