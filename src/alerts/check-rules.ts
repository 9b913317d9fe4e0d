import { parseDuration } from '../common/duration';
import { messageOf, RingmeterError, shown } from '../common/errors';
import { LABEL_NAME, METRIC_NAME } from '../common/names';
import { ownProperties } from '../common/own-properties';
import { checkExpression } from '../query/parse';
import type { ResolvedGroup, ResolvedRule } from './rules';
import { Template } from './template/template';

const LONGEST = Number.MAX_SAFE_INTEGER;

const GROUP_KEYS = ['name', 'interval', 'limit', 'rules'];
const ALERT_KEYS = ['alert', 'expr', 'for', 'keepFiringFor', 'keep_firing_for', 'labels', 'annotations'];
const RECORD_KEYS = ['record', 'expr', 'labels'];

/** The location of a rule or option, for messages. */
type Place = string;

type Given = Readonly<Record<string, unknown>>;

export function invalidRule(place: Place, message: string): never {
  throw new RingmeterError('RINGMETER_INVALID_RULE', `${place}: ${message}`);
}

/**
 * Checks a group, from code or from a file.
 *
 * @param file empty for a group from code
 * @param defaultInterval milliseconds
 * @throws RingmeterError RINGMETER_INVALID_RULE, which names the file, the group, the rule and what is wrong with it
 */
export function checkGroup(group: unknown, file: string, defaultInterval: number): ResolvedGroup {
  const source = file === '' ? 'rules' : file;
  const { name, interval, limit, rules } = checkKeys(source, 'a group', group, GROUP_KEYS);
  if (typeof name !== 'string' || name === '')
    invalidRule(source, `a group's name must be a string that is not empty, got ${shown(name)}`);
  const place = `${source}, group ${shown(name)}`;
  const list = file !== '' && isNothing(rules) ? [] : rules;
  if (!Array.isArray(list)) invalidRule(place, `rules must be an array, got ${shown(list)}`);
  return {
    file,
    name,
    interval: checkInterval(place, interval, defaultInterval),
    limit: checkLimit(place, limit),
    rules: list.map((rule: unknown, index) => checkRule(place, rule, index)),
  };
}

/** Whether a key of a file is empty: scalars of files are read as text, an empty one as ''. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null || ['', '~', 'null'].includes(value as string);
}

function checkKeys(place: Place, what: string, value: unknown, known: readonly string[]): Given {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    invalidRule(place, `${what} must be an object, got ${shown(value)}`);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined)
    invalidRule(place, `${what} has the unknown key ${shown(unknown)}, allowed are ${known.join(', ')}`);
  return ownProperties(value, known);
}

function checkInterval(place: Place, interval: unknown, fallback: number): number {
  const milliseconds = checkDuration(place, 'interval', interval, fallback);
  // in files, 0 selects the default
  return milliseconds === 0 ? fallback : milliseconds;
}

function checkLimit(place: Place, limit: unknown): number {
  const number = typeof limit === 'string' ? Number(limit) : (limit ?? 0);
  if (Number.isSafeInteger(number) && (number as number) >= 0) return number as number;
  return invalidRule(place, `limit must be an integer of at least 0 (0 = no limit), got ${shown(limit)}`);
}

function checkDuration(place: Place, key: string, value: unknown, fallback: number): number {
  if (value === undefined || value === null) return fallback;
  const milliseconds = typeof value === 'string' ? parseDuration(value) : value;
  if (typeof milliseconds === 'number' && milliseconds >= 0 && milliseconds <= LONGEST) return milliseconds;
  return invalidRule(
    place,
    `${key} must be a duration such as '5m' or '1h30m', or a number of milliseconds, got ${shown(value)}`,
  );
}

function checkRule(group: Place, rule: unknown, index: number): ResolvedRule {
  const { alert, record } = checkKeys(`${group}, rule ${index + 1}`, 'a rule', rule, [...ALERT_KEYS, ...RECORD_KEYS]);
  const name = alert ?? record;
  const place = `${group}, rule ${index + 1}${typeof name === 'string' ? ` (${name})` : ''}`;
  if ((alert === undefined) === (record === undefined))
    invalidRule(place, 'a rule must have either alert or record, not both');
  if (typeof name !== 'string' || name === '')
    invalidRule(place, `the name of a rule must be a string that is not empty, got ${shown(name)}`);
  return alert === undefined ? checkRecording(place, name, rule) : checkAlerting(place, name, rule);
}

function checkRecording(place: Place, name: string, rule: unknown): ResolvedRule {
  const { expr, labels } = checkKeys(place, 'a recording rule', rule, RECORD_KEYS);
  if (!METRIC_NAME.test(name)) invalidRule(place, `record must be a metric name, got ${shown(name)}`);
  return {
    kind: 'record',
    name,
    expression: checkExpr(place, expr),
    holdFor: 0,
    keepFiringFor: 0,
    labels: checkTexts(place, 'labels', labels),
    annotations: {},
  };
}

function checkAlerting(place: Place, name: string, rule: unknown): ResolvedRule {
  const given = checkKeys(place, 'an alerting rule', rule, ALERT_KEYS);
  const labels = checkTexts(place, 'labels', given.labels);
  const annotations = checkTexts(place, 'annotations', given.annotations);
  for (const [key, text] of [...Object.entries(labels), ...Object.entries(annotations)])
    checkTemplate(place, key, text);
  return {
    kind: 'alert',
    name,
    expression: checkExpr(place, given.expr),
    holdFor: checkDuration(place, 'for', given.for, 0),
    keepFiringFor: checkDuration(place, 'keepFiringFor', given.keepFiringFor ?? given.keep_firing_for, 0),
    labels,
    annotations,
  };
}

function checkExpr(place: Place, expr: unknown): string {
  if (typeof expr !== 'string' || expr.trim() === '') invalidRule(place, `expr must be PromQL, got ${shown(expr)}`);
  try {
    checkExpression(expr);
  } catch (error) {
    invalidRule(place, `expr: ${messageOf(error)}`);
  }
  return expr;
}

function checkTexts(place: Place, what: string, texts: unknown): Record<string, string> {
  const all = isNothing(texts) ? {} : (texts as Given);
  const given = checkKeys(place, what, all, Object.keys(all));
  for (const [name, value] of Object.entries(given)) {
    if (!LABEL_NAME.test(name) || (what === 'labels' && name === '__name__'))
      invalidRule(place, `${what} must not have the name ${shown(name)}`);
    if (typeof value !== 'string') invalidRule(place, `${what}.${name} must be a string, got ${shown(value)}`);
  }
  return given as Record<string, string>;
}

function checkTemplate(place: Place, name: string, text: string): void {
  try {
    new Template(text);
  } catch (error) {
    invalidRule(place, `the template of ${name}: ${messageOf(error)}`);
  }
}
