import { types } from 'node:util';
import { type ErrorCode, RingmeterError, shown } from './errors';
import { ownProperties } from './own-properties';

const NO_OPTIONS = Object.freeze(Object.create(null));

/** @throws RingmeterError RINGMETER_INVALID_OPTION */
export function invalidOption(message: string): never {
  throw new RingmeterError('RINGMETER_INVALID_OPTION', message);
}

function fail(name: string, expected: string, value: unknown): never {
  invalidOption(`${name} must be ${expected}, got ${shown(value)}`);
}

/**
 * Checks that something is an options object without unknown names.
 *
 * @returns a copy without prototype, so that properties added to Object.prototype are ignored; empty if left out
 */
export function checkOptions<T extends object>(
  name: string,
  options: T | undefined,
  known: readonly (keyof T & string)[],
): T {
  if (options === undefined) return NO_OPTIONS as T;
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    return fail(name, 'an object', options);
  const unknown = Object.keys(options).find((key) => !(known as readonly string[]).includes(key));
  return unknown === undefined
    ? ownProperties(options, known)
    : fail(name, `an object with no other options than ${known.join(', ')}`, unknown);
}

/** A number of the given range, or the default if it was left out. */
export function checkNumber(name: string, value: unknown, fallback: number, least: number, most: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !(value >= least && value <= most))
    return fail(name, `a number from ${least} to ${most}`, value);
  return value;
}

export function checkInteger(name: string, value: unknown, fallback: number, least: number, most: number): number {
  if (value !== undefined && !Number.isInteger(value)) return fail(name, `an integer from ${least} to ${most}`, value);
  return checkNumber(name, value, fallback, least, most);
}

export function checkBoolean(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  return typeof value === 'boolean' ? value : fail(name, 'a boolean', value);
}

export function checkString(name: string, value: unknown, fallback: string): string {
  if (value === undefined) return fallback;
  return typeof value === 'string' ? value : fail(name, 'a string', value);
}

export function checkFunction<F>(name: string, value: F): F {
  return typeof value === 'function' ? value : fail(name, 'a function', value);
}

/** Milliseconds since 1970 of a time that is given as such, or as a Date of any realm. */
export function checkTime(name: string, time: unknown, code: ErrorCode = 'RINGMETER_INVALID_OPTION'): number {
  const milliseconds = types.isDate(time) ? time.getTime() : time;
  if (typeof milliseconds === 'number' && Number.isFinite(milliseconds)) return milliseconds;
  throw new RingmeterError(code, `${name} must be a Date or milliseconds since 1970, got ${shown(time)}`);
}

export function checkOneOf<T extends string>(name: string, value: unknown, fallback: T, choices: readonly T[]): T {
  if (value === undefined) return fallback;
  return choices.includes(value as T) ? (value as T) : fail(name, `one of ${choices.join(', ')}`, value);
}

/** @throws RingmeterError if a quantile is not a share from 0 to 1: 95 is meant to be 0.95 */
export function checkQuantile(quantile: unknown): number {
  return typeof quantile === 'number' && quantile >= 0 && quantile <= 1
    ? quantile
    : fail('quantile', 'a number from 0 to 1', quantile);
}
