import { randomUUID } from 'node:crypto';
import { RingmeterError, shown } from '../common/errors';
import { checkOptions, checkString } from '../common/options-check';
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

function fail(message: string): never {
  throw new RingmeterError('RINGMETER_INVALID_OPTION', message);
}

/** @throws RingmeterError RINGMETER_INVALID_OPTION */
export function checkSilence(options: SilenceOptions): Silence {
  const given = checkOptions('silence', options, ['matchers', 'from', 'until', 'comment']);
  const from = checkTime('from', given.from ?? Date.now());
  const until = checkTime('until', given.until);
  if (until <= from) fail('until of a silence must be later than from');
  const comment = checkString('comment', given.comment, '');
  return { id: randomUUID(), matchers: checkMatchers(given.matchers), from, until, comment };
}

function checkTime(name: string, time: unknown): number {
  const milliseconds = time instanceof Date ? time.getTime() : time;
  if (typeof milliseconds === 'number' && Number.isFinite(milliseconds)) return milliseconds;
  return fail(`${name} of a silence must be a Date or milliseconds since 1970, got ${shown(time)}`);
}

function checkMatchers(given: unknown): Matcher[] {
  if (typeof given !== 'object' || given === null)
    fail(`matchers of a silence must be an object or an array, got ${shown(given)}`);
  const list: unknown[] = Array.isArray(given)
    ? given
    : Object.entries(given).map(([name, value]) => ({ name, value: value as unknown }));
  if (list.length === 0) fail('a silence needs matchers: without any, it would silence everything');
  return list.map(checkMatcher);
}

function checkMatcher(given: unknown): Matcher {
  const { name, value, operator = '=' } = ownProperties<Partial<Matcher>>(given ?? {}, ['name', 'value', 'operator']);
  if (typeof name !== 'string' || typeof value !== 'string' || !OPERATORS.includes(operator))
    fail(`a matcher must be { name, value, operator }, got ${shown(given)}`);
  if (operator.endsWith('~') && compileRegex(value) === undefined)
    fail(`a matcher's value ${shown(value)} is not a valid regular expression`);
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
