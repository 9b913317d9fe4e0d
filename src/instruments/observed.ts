import { shown } from '../common/errors';
import type { Labels } from './labels';

/** A value of one label set, as a callback reports it. */
export interface Observation<Name extends string = string> {
  readonly labels: Labels<Name>;
  readonly value: number;
}

/**
 * The result of a callback: the value of the series without labels, or values with their labels, or nothing if the
 * callback has recorded the values itself.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: what a function gives that returns nothing
export type Observed<Name extends string = string> = number | Iterable<Observation<Name>> | undefined | void;

/** Called when a snapshot is about to be made, on the thread that registered it. */
export type Observe<O = Observed> = () => O | Promise<O>;

/** The value of a callback that returns one number. */
interface Unlabelled {
  readonly value: number;
  readonly labels: undefined;
}

/** The values in a callback's result. A string is refused, although it is iterable. */
export function observations(given: Observed): Iterable<Unlabelled | Observation> {
  if (typeof given === 'number') return [{ value: given, labels: undefined }];
  if (given === undefined) return [];
  if (typeof given === 'object') return given;
  throw new TypeError(`it must return a number or an iterable of { labels, value }, got ${shown(given)}`);
}

export function isPromise(given: unknown): given is PromiseLike<Observed> {
  return typeof (given as { then?: unknown } | null | undefined)?.then === 'function';
}
