import { randomUUID } from 'node:crypto';
import { RingmeterError, shown } from '../common/errors';
import { checkOptions, checkString, checkTime, invalidOption } from '../common/options-check';
import { ownProperties } from '../common/own-properties';
import { matchesAll } from '../query/matchers';
import { compileRegex } from '../query/regex';
import type { LabelSet, Matcher } from '../query/types';

/** Which alerts are not sent to notifiers, and from when to when. */
export interface SilenceOptions {
  /** Labels that an alert must have, by name; or matchers as in PromQL, all of which must hold. */
  matchers: Readonly<Record<string, string>> | readonly (Omit<Matcher, 'operator'> & Partial<Matcher>)[];
  /** Wall-clock milliseconds, or a Date. Default: now. */
  from?: number | Date;
  /** Wall-clock milliseconds, or a Date. */
  until: number | Date;
  /** Why, and by whom. */
  comment?: string;
}

export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  /** Wall-clock milliseconds. */
  readonly from: number;
  readonly until: number;
  readonly comment: string;
}

const OPERATORS = ['=', '!=', '=~', '!~'];

/** @throws RingmeterError RINGMETER_INVALID_OPTION */
export function checkSilence(options: SilenceOptions): Silence {
  const given = checkOptions('silence', options, ['matchers', 'from', 'until', 'comment']);
  const from = checkTime('from of a silence', given.from ?? Date.now());
  const until = checkTime('until of a silence', given.until);
  if (until <= from) invalidOption('until of a silence must be later than from');
  const comment = checkString('comment', given.comment, '');
  return { id: randomUUID(), matchers: checkMatchers(given.matchers), from, until, comment };
}

function checkMatchers(given: unknown): Matcher[] {
  if (typeof given !== 'object' || given === null)
    invalidOption(`matchers of a silence must be an object or an array, got ${shown(given)}`);
  const list: unknown[] = Array.isArray(given)
    ? given
    : Object.entries(given).map(([name, value]) => ({ name, value: value as unknown }));
  if (list.length === 0) invalidOption('a silence needs matchers: without any, it would silence everything');
  return list.map(checkMatcher);
}

function checkMatcher(given: unknown): Matcher {
  const { name, value, operator = '=' } = ownProperties<Partial<Matcher>>(given ?? {}, ['name', 'value', 'operator']);
  if (typeof name !== 'string' || typeof value !== 'string' || !OPERATORS.includes(operator))
    invalidOption(`a matcher must be { name, value, operator }, got ${shown(given)}`);
  if (operator.endsWith('~') && compileRegex(value) === undefined)
    invalidOption(`a matcher's value ${shown(value)} is not a valid regular expression`);
  return { name, value, operator };
}

/** The ids of the silences that match an alert at a given time. */
export function silencedBy(silences: readonly Silence[], labels: LabelSet, time: number): string[] {
  return silences
    .filter(({ from, until, matchers }) => from <= time && time < until && holdsFor(matchers, labels))
    .map(({ id }) => id);
}

/** Whether the matchers match; false if testing them would take too long. */
function holdsFor(matchers: readonly Matcher[], labels: LabelSet): boolean {
  try {
    return matchesAll(labels, matchers);
  } catch (error) {
    if (error instanceof RingmeterError && error.code === 'RINGMETER_QUERY_LIMIT') return false;
    throw error;
  }
}
