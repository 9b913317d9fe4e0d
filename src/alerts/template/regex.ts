import { compileSearch, expandGroups, groupsOf } from '../../query/regex';
import { TemplateError } from './lexer';

/** Whether a regular expression in RE2's syntax matches some part of a text. @throws TemplateError if it is none */
export function matches(pattern: string, text: string): boolean {
  return compiled(pattern).matcher(text).find();
}

/**
 * Go's `Regexp.ReplaceAllString`: right behind a match, an empty one is none.
 *
 * @throws TemplateError if the pattern is no regular expression in RE2's syntax
 */
export function replaceAll(pattern: string, replacement: string, text: string): string {
  const regex = compiled(pattern);
  const matcher = regex.matcher(text);
  let replaced = '';
  let done = -1;
  while (matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (start === end && start === done) continue;
    replaced += text.slice(Math.max(done, 0), start) + expandGroups(replacement, groupsOf(regex, matcher));
    done = end;
  }
  return replaced + text.slice(Math.max(done, 0));
}

function compiled(pattern: string) {
  const regex = compileSearch(pattern);
  if (regex === undefined) throw new TemplateError(`${JSON.stringify(pattern)} is no regular expression`);
  return regex;
}
