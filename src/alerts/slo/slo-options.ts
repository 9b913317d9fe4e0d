import { parseDuration } from '../../common/duration';
import { messageOf, RingmeterError, shown } from '../../common/errors';
import { checkOptions, checkString, invalidOption } from '../../common/options-check';
import { parseExpression } from '../../query/parse';

/** The objective, and how it is measured. */
export interface SloOptions {
  /** Value of the label `slo` on all series and alerts. */
  name: string;
  /** Share of events that have to be good, between 0 and 1: `0.999`. */
  objective: number;
  /** Over how long: `'30d'`, or milliseconds. Default `'30d'`. */
  window?: string | number;
  /**
   * Good events, and all events: the selector of a counter (`http_requests_total{code!~"5.."}`), of which the rates are
   * added up, or PromQL with `$window` in the place of a range (`sum(rate(x_total[$window]))`).
   */
  good: string;
  total: string;
  /** Added to all series and alerts. */
  labels?: Readonly<Record<string, string>>;
  /** Time between two evaluations: `'1m'`, or milliseconds. Default `'1m'`. */
  interval?: string | number;
  /** Values of the label `severity` for urgent alerts (`page`) and others (`ticket`). Default: these words. */
  severities?: { page?: string; ticket?: string };
  /** Added to the alerts' annotations. Values are templates. */
  annotations?: Readonly<Record<string, string>>;
}

/** The same with every default, times in milliseconds. */
export interface ResolvedSlo {
  readonly name: string;
  readonly objective: number;
  readonly window: number;
  /** PromQL with `$window`. */
  readonly good: string;
  readonly total: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly interval: number;
  readonly severities: { readonly page: string; readonly ticket: string };
  readonly annotations: Readonly<Record<string, string>>;
}

const WINDOW = '$window';

/** @throws RingmeterError RINGMETER_INVALID_OPTION; RINGMETER_INVALID_RULE */
export function resolveSlo(options: SloOptions): ResolvedSlo {
  const given = checkOptions('slo', options, [
    'name',
    'objective',
    'window',
    'good',
    'total',
    'labels',
    'interval',
    'severities',
    'annotations',
  ]);
  const { page, ticket } = checkOptions('slo.severities', given.severities, ['page', 'ticket']);
  const { objective } = given;
  if (!(objective > 0 && objective < 1))
    invalidOption(`slo.objective must be a number between 0 and 1, both excluded, got ${shown(objective)}`);
  if (typeof given.name !== 'string' || given.name === '')
    invalidOption(`slo.name must be a string that is not empty, got ${shown(given.name)}`);
  return {
    name: given.name,
    objective,
    window: checkDuration('slo.window', given.window ?? '30d'),
    good: checkEvents('slo.good', given.good),
    total: checkEvents('slo.total', given.total),
    labels: given.labels ?? {},
    interval: checkDuration('slo.interval', given.interval ?? '1m'),
    severities: {
      page: checkString('slo.severities.page', page, 'page'),
      ticket: checkString('slo.severities.ticket', ticket, 'ticket'),
    },
    annotations: given.annotations ?? {},
  };
}

function checkDuration(name: string, given: unknown): number {
  const milliseconds = typeof given === 'string' ? parseDuration(given) : given;
  if (typeof milliseconds === 'number' && Number.isSafeInteger(milliseconds) && milliseconds > 0) return milliseconds;
  return invalidOption(`${name} must be a duration such as '30d', or a number of milliseconds, got ${shown(given)}`);
}

/** Turns a counter's selector into PromQL with `$window`; returns PromQL that contains `$window` unchanged. */
function checkEvents(name: string, given: unknown): string {
  if (typeof given !== 'string') return invalidOption(`${name} must be a string of PromQL, got ${shown(given)}`);
  if (given.includes(WINDOW)) return given;
  try {
    const { kind, range } = parseExpression(given) as { kind: string; range?: number };
    if (kind === 'selector' && range === undefined) return `sum(rate(${given.trim()}[${WINDOW}]))`;
  } catch (error) {
    throw new RingmeterError('RINGMETER_INVALID_RULE', `${name}: ${messageOf(error)}`);
  }
  return invalidOption(
    `${name} must be the selector of a counter, or an expression that contains ${WINDOW}, got ${shown(given)}`,
  );
}
