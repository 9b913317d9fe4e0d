import { compileSearch, expandedLength, expandGroups, groupsOf, matchingWork } from '../../query/regex';
import { type Allowance, checkLength } from './allowance';
import { TemplateError } from './lexer';

/**
 * Whether a regular expression in RE2's syntax matches some part of a text.
 *
 * @throws TemplateError if it is none; what the allowance throws
 */
export function matches(allowance: Allowance, pattern: string, text: string): boolean {
  const regex = compiled(pattern);
  allowance.match(matchingWork(regex, text.length));
  return regex.matcher(text).find();
}

/**
 * Go's `Regexp.ReplaceAllString`: an empty match directly after a match does not count. Each search may scan the whole
 * rest of the text.
 *
 * @throws TemplateError if the pattern is no regular expression in RE2's syntax; what the allowance throws
 */
export function replaceAll(allowance: Allowance, pattern: string, replacement: string, text: string): string {
  const regex = compiled(pattern);
  const matcher = regex.matcher(text);
  const find = (from: number): boolean => {
    allowance.match(matchingWork(regex, text.length - from));
    return matcher.find();
  };
  let replaced = '';
  let done = -1;
  while (find(Math.max(done, 0))) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (start === end && start === done) continue;
    const groups = groupsOf(regex, matcher);
    checkLength(replaced.length + (start - Math.max(done, 0)) + expandedLength(replacement, groups));
    replaced += text.slice(Math.max(done, 0), start) + expandGroups(replacement, groups);
    done = end;
  }
  return replaced + text.slice(Math.max(done, 0));
}

function compiled(pattern: string) {
  const regex = compileSearch(pattern);
  if (regex === undefined) throw new TemplateError(`${JSON.stringify(pattern)} is not a valid regular expression`);
  return regex;
}
