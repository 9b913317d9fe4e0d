import { limited } from './failure';
import { labelOf } from './labels';
import { compileRegex, MOST_MATCHING, matchingWork } from './regex';
import type { LabelSet, Matcher } from './types';

/** Label values whose results are cached, over all expressions: some 50 bytes each. */
const MOST_KNOWN = 500_000;
const tests = new WeakMap<Matcher, (value: string) => boolean>();

/** Whether a label's value fulfils a matcher; '' stands for a missing label. */
export function matcherTest(matcher: Matcher): (value: string) => boolean {
  let test = tests.get(matcher);
  if (test === undefined) {
    test = makeTest(matcher);
    tests.set(matcher, test);
  }
  return test;
}

function makeTest({ operator, value }: Matcher): (value: string) => boolean {
  if (operator === '=') return (given) => given === value;
  if (operator === '!=') return (given) => given !== value;
  const matches = regexTest(value);
  return operator === '=~' ? matches : (given) => !matches(given);
}

function regexTest(text: string): (value: string) => boolean {
  if (/^[\w :/-]*(\|[\w :/-]*)*$/.test(text)) {
    const values = new Set(text.split('|'));
    return (given) => values.has(given);
  }
  const regex = compileRegex(text)!;
  const known = new Map<string, boolean>();
  return (given) => {
    let matches = known.get(given);
    if (matches === undefined) {
      const steps = matchingWork(regex, given.length);
      if (steps > MOST_MATCHING)
        throw limited(`a matcher needs ${steps} steps for one label, more than the limit of ${MOST_MATCHING}`);
      matches = regex.test(given);
      keep(known, given, matches);
    }
    return matches;
  };
}

const withAnswers = new Set<Map<string, boolean>>();
let answers = 0;

function keep(known: Map<string, boolean>, value: string, matches: boolean): void {
  if (answers >= MOST_KNOWN) {
    for (const one of withAnswers) one.clear();
    withAnswers.clear();
    answers = 0;
  }
  known.set(value, matches);
  withAnswers.add(known);
  answers++;
}

/** Whether labels fulfil all matchers. */
export function matchesAll(labels: LabelSet, matchers: readonly Matcher[]): boolean {
  for (const matcher of matchers) if (!matcherTest(matcher)(labelOf(labels, matcher.name))) return false;
  return true;
}
