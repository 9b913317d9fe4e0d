import { type ErrorCode, RingmeterError, shown } from '../common/errors';
import { LABEL_NAME } from '../common/names';
import type { LabelPairs } from '../kinds/definition';
import type { LabelValue } from '../registry/label-pairs';

/** A set of label values. With fixed label names, exactly those; otherwise any. */
export type Labels<Name extends string = string> = { readonly [K in Name]: LabelValue };

/** Some of a metric's label values. */
export type PartialLabels<Name extends string = string> = { readonly [K in Name]?: LabelValue };

/** Longest set of label values that is accepted, in UTF-16 units over all names and values of a series. */
export const MAX_LABELS_LENGTH = 65_536;

/** Which labels a metric takes. */
export interface LabelRules {
  /** The fixed names, or null for any. */
  names: ReadonlySet<string> | null;
  /** The name that the metric's own lines use: `le` or `quantile`. */
  reserved: string | undefined;
}

/** A problem with labels. Not an Error: making one takes microseconds, and a record does not throw. */
export interface LabelProblem {
  code: ErrorCode;
  message: string;
}

/** The problem with a label name, if there is one. */
export function labelNameProblem(name: unknown, reserved: string | undefined): LabelProblem | undefined {
  if (typeof name !== 'string' || !LABEL_NAME.test(name) || name.startsWith('__'))
    return {
      code: 'RINGMETER_INVALID_LABEL_NAME',
      message: `label name must match ${LABEL_NAME.source} and not begin with "__", got ${shown(name)}`,
    };
  if (name !== reserved) return undefined;
  return {
    code: 'RINGMETER_RESERVED_LABEL_NAME',
    message: `label name ${shown(name)} is reserved: the library writes it itself`,
  };
}

/** @throws RingmeterError RINGMETER_INVALID_LABEL_NAME, RINGMETER_RESERVED_LABEL_NAME */
export function checkLabelName(name: unknown, reserved: string | undefined): void {
  const problem = labelNameProblem(name, reserved);
  if (problem !== undefined) throw new RingmeterError(problem.code, problem.message);
}

/**
 * Returns a test whether a series has all of the wanted label values. An empty value matches an absent label.
 *
 * @throws RingmeterError RINGMETER_INVALID_LABELS
 */
export function matcherOf(
  wanted: unknown,
  { names }: LabelRules,
  defaults: LabelPairs,
): (labels: Readonly<Record<string, string>>) => boolean {
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted))
    throw new RingmeterError(
      'RINGMETER_INVALID_LABELS',
      `labels must be an object or a function, got ${shown(wanted)}`,
    );
  const pairs = Object.entries(wanted).map(([name, value]: [string, unknown]) => {
    if (names !== null && !names.has(name) && !defaults.some(([other]) => other === name))
      throw new RingmeterError('RINGMETER_INVALID_LABELS', `unknown label ${shown(name)}`);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      throw new RingmeterError(
        'RINGMETER_INVALID_LABELS',
        `label ${name} must be a string, number or boolean, got ${shown(value)}`,
      );
    return [name, String(value)] as const;
  });
  return (labels) => pairs.every(([name, value]) => (Object.hasOwn(labels, name) ? labels[name] : '') === value);
}
