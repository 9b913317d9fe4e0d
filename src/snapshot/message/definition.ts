import { type Definition, METRIC_TYPES } from '../../kinds/definition';
import { columnCount } from '../../kinds/kinds';

const MOST_COLUMNS = 2 ** 13;

const isText = (value: unknown): boolean => typeof value === 'string' && value.isWellFormed();
const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isAscending = (value: unknown): boolean =>
  (value as number[]).every((bound, index, bounds) => index === 0 || bound > bounds[index - 1]);
const isList = (value: unknown, is: (element: unknown) => boolean): boolean => Array.isArray(value) && value.every(is);

/** Checks of the fields that all definitions have. */
const FIELDS: { readonly [Field in keyof Definition]?: (value: unknown) => boolean } = {
  name: (value) => isText(value) && value !== '',
  type: (value) => (METRIC_TYPES as readonly unknown[]).includes(value),
  description: isText,
  unit: isText,
  labelNames: (value) => value === null || isList(value, isText),
  buckets: (value) => isList(value, isNumber) && isAscending(value),
  quantiles: (value) => isList(value, isNumber),
  maxAge: isNumber,
  maxSamples: isNumber,
  ttl: (value) => value === undefined || isNumber(value),
  cardinalityLimit: (value) => value === undefined || isNumber(value),
};

/** @returns the field that is not as it has to be; undefined if the value is a definition */
export function wrongField(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'object';
  const wrong = Object.entries(FIELDS).find(
    ([field, is]) => !is(Object.hasOwn(value, field) ? value[field as never] : undefined),
  );
  if (wrong !== undefined) return wrong[0];
  const columns = columnCount(value as Definition);
  return Number.isInteger(columns) && columns <= MOST_COLUMNS ? undefined : 'number of columns';
}
