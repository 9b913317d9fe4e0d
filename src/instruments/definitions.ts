import type { Arena } from '../arena/arena';
import { RingmeterError, shown } from '../common/errors';
import { METRIC_NAME } from '../common/names';
import { checkInteger, checkNumber, checkOptions, checkString } from '../common/options-check';
import { ownProperties } from '../common/own-properties';
import type { BucketOptions, Definition, DefinitionOptions, MetricType, WindowOptions } from '../kinds/definition';
import { kindOf } from '../kinds/kinds';
import { decide, findRival } from '../registry/overlap';
import { noteTtl, readDefinition, registerFamily } from '../registry/register';
import { checkLabelName, type Labels } from './labels';

/** Options of all kinds of metrics. */
export interface MetricOptions<Name extends string = string> {
  /** Shown as HELP. Default: ''. */
  description?: string;
  /** Base unit (`seconds`, `bytes`), which must be the name's suffix, before `_total` on counters. */
  unit?: string;
  /** The fixed set of label names: checked, typed, and fastest. Without it a series may have any labels. */
  labelNames?: readonly Name[];
  /** Seconds after which a series that has not been recorded is removed. Default: never. */
  ttl?: number;
  /** Most series; further label sets share the overflow series. Default: the collector's `cardinalityLimit`. */
  cardinalityLimit?: number;
  /** If given, the bound series of these labels is returned instead of the metric. */
  labels?: Labels<Name>;
}

export interface HistogramOptions<Name extends string = string> extends MetricOptions<Name>, BucketOptions {}

export interface SummaryOptions<Name extends string = string> extends MetricOptions<Name>, WindowOptions {}

/** Options of any kind of metric, not checked yet. */
type AnyOptions = MetricOptions & DefinitionOptions;

const COMMON_OPTIONS = ['description', 'unit', 'labelNames', 'ttl', 'cardinalityLimit', 'labels'] as const;
/** Options that must equal those of an existing metric of the same name, if they are given. */
const DEFINING_OPTIONS = ['unit', 'buckets', 'quantiles', 'maxAge', 'maxSamples', 'ttl', 'cardinalityLimit'] as const;
/** Values in the definition of a kind that does not have these options. */
const WITHOUT_OPTIONS = { buckets: [], quantiles: [], maxAge: 600, maxSamples: 10_000 };

/**
 * Checks a definition and fills in its defaults.
 *
 * @throws RingmeterError with the code that says what is wrong
 */
export function resolveDefinition(type: MetricType, name: unknown, options: AnyOptions | undefined): Definition {
  if (typeof name !== 'string' || !METRIC_NAME.test(name))
    throw new RingmeterError(
      'RINGMETER_INVALID_METRIC_NAME',
      `metric name must match ${METRIC_NAME.source}, got ${shown(name)}`,
    );
  const kind = kindOf({ type });
  const given = checkOptions<AnyOptions>(`options of ${name}`, options, [...COMMON_OPTIONS, ...kind.options]);
  return {
    name,
    type,
    description: checkString(`description of ${name}`, given.description, ''),
    unit: checkUnit(name, checkString(`unit of ${name}`, given.unit, '')),
    labelNames: checkLabelNames(name, given.labelNames, kind.reservedLabel),
    ...WITHOUT_OPTIONS,
    ...kind.resolve(name, given),
    ...(given.ttl !== undefined && {
      ttl: checkNumber(`ttl of ${name}`, given.ttl, 0, 0.001, Number.MAX_SAFE_INTEGER),
    }),
    ...(given.cardinalityLimit !== undefined && {
      cardinalityLimit: checkInteger(`cardinalityLimit of ${name}`, given.cardinalityLimit, 1, 1, 2 ** 24),
    }),
  };
}

function checkUnit(name: string, unit: string): string {
  if (unit === '' || name.replace(/_total$/, '').endsWith(`_${unit}`)) return unit;
  throw new RingmeterError(
    'RINGMETER_INVALID_UNIT',
    `unit ${shown(unit)} must be the suffix of the metric name, got ${name}`,
  );
}

function checkLabelNames(name: string, labelNames: unknown, reserved: string | undefined): string[] | null {
  if (labelNames === undefined) return null;
  if (!Array.isArray(labelNames))
    throw new RingmeterError(
      'RINGMETER_INVALID_OPTION',
      `labelNames of ${name} must be an array, got ${shown(labelNames)}`,
    );
  const names = new Set<string>();
  for (const label of labelNames) {
    checkLabelName(label, reserved);
    if (names.has(label))
      throw new RingmeterError('RINGMETER_INVALID_LABEL_NAME', `labelNames of ${name} has ${shown(label)} twice`);
    names.add(label);
  }
  return [...names];
}

/**
 * Get-or-create in the registry.
 *
 * @returns the family's record and its definition, which is that of the first thread that registered the name
 * @throws RingmeterError RINGMETER_METRIC_CONFLICT, RINGMETER_OUT_OF_MEMORY
 */
export function define(
  arena: Arena,
  wanted: Definition,
  options: AnyOptions | undefined,
): { family: number; definition: Definition } {
  refuseRival(wanted, findRival(arena, wanted));
  const family = registerFamily(arena, wanted);
  if (family === 0)
    throw new RingmeterError('RINGMETER_OUT_OF_MEMORY', `no memory to define ${wanted.name}: raise maxMemory`);
  const definition = readDefinition(arena, family);
  if (!decide(arena, family))
    refuseRival(definition, findRival(arena, definition) ?? 'a metric that another thread defines at the same time');
  refuseConflict(wanted, definition, ownProperties(options ?? {}, [...DEFINING_OPTIONS, 'labelNames']));
  noteTtl(arena, definition.ttl);
  return { family, definition };
}

function refuseRival({ name }: Definition, rival: string | undefined): void {
  if (rival !== undefined)
    throw new RingmeterError(
      'RINGMETER_METRIC_CONFLICT',
      `a line of ${name} would have the same name as a line of ${rival}`,
    );
}

/** Throws if an option that was given explicitly differs from the present metric; omitted options may differ. */
function refuseConflict(wanted: Definition, present: Definition, given: AnyOptions): void {
  const conflict = (what: string, is: unknown, want: unknown): never => {
    throw new RingmeterError(
      'RINGMETER_METRIC_CONFLICT',
      `${wanted.name} is already defined with ${what} ${JSON.stringify(is)}, asked for ${JSON.stringify(want)}`,
    );
  };
  if (present.type !== wanted.type) conflict('type', present.type, wanted.type);
  for (const key of DEFINING_OPTIONS)
    if (given[key] !== undefined && JSON.stringify(present[key]) !== JSON.stringify(wanted[key]))
      conflict(key, present[key], wanted[key]);
  const names = ({ labelNames }: Definition): string => JSON.stringify(labelNames?.toSorted() ?? null);
  if (given.labelNames !== undefined && names(present) !== names(wanted))
    conflict('labelNames', present.labelNames, wanted.labelNames);
}
