import { shown } from '../common/errors';
import { METRIC_NAME } from '../common/names';
import { checkBoolean, checkOptions, checkString, invalidOption } from '../common/options-check';
import type { Settings } from '../common/settings';
import { expandToday } from './today';

/** A number of the business, by PromQL. */
export interface Figure {
  /** PromQL that gives one number. `[$today]` is the range since midnight in the time zone. */
  expression: string;
  /** Shown behind the number: `'€'`, `'orders'`; `'seconds'`, `'bytes'` and `'ratio'` are scaled. Default none. */
  unit?: string;
  description?: string;
}

/** The content of the dashboard, and whether endpoints serve it. */
export interface DashboardOptions {
  /**
   * Whether endpoints serve the page, its document and its stream. Default: those that listen at a loopback address, or
   * have `auth` or `tls.ca`, unless NODE_ENV is `production`.
   */
  enabled?: boolean;
  /** Default `ringmeter`. */
  title?: string;
  /** IANA name of the zone whose midnight `$today` begins at. Default that of the process. */
  timeZone?: string;
  /** By their names, in the order in which they are shown. Default none. */
  figures?: Readonly<Record<string, Figure>>;
  /**
   * PromQL of requests per second, and of those that failed, where the metrics are not found by their names; `[$window]`
   * is the range that rates are taken over. Default: found among the metrics.
   */
  requests?: string;
  errors?: string;
  /** Name of the histogram, in seconds, that has the latency. Default: found among the metrics. */
  latency?: string;
}

/** The settings of a collector, with those of its dashboard. Kept in the arena. */
export interface DashboardSettings extends Settings {
  dashboard: Dashboard;
}

/** The options with every default filled in. */
export interface Dashboard {
  /** `protected`: only at endpoints that are limited to this machine or to clients with credentials. */
  served: 'always' | 'never' | 'protected';
  title: string;
  /** Undefined = that of the process, read lazily: reading it takes 10 ms. */
  timeZone?: string;
  figures: Record<string, Required<Figure>>;
  requests?: string;
  errors?: string;
  latency?: string;
  /** When the collector was made, in wall-clock milliseconds: all counters were 0 then. */
  madeAt: number;
}

const NAMES = ['enabled', 'title', 'timeZone', 'figures', 'requests', 'errors', 'latency'] as const;

/** @throws RingmeterError RINGMETER_INVALID_OPTION; RINGMETER_INVALID_QUERY of an expression that cannot be read */
export function resolveDashboard(options: DashboardOptions | undefined): Dashboard {
  const given = checkOptions('dashboard', options, NAMES);
  for (const name of ['requests', 'errors'] as const)
    if (given[name] !== undefined) checkExpression(`dashboard.${name}`, given[name]);
  if (given.latency !== undefined && !METRIC_NAME.test(checkString('dashboard.latency', given.latency, '')))
    invalidOption(`dashboard.latency must be the name of a histogram, got ${shown(given.latency)}`);
  return {
    served: resolveServed(given.enabled),
    title: checkString('dashboard.title', given.title, 'ringmeter'),
    timeZone: checkTimeZone(given.timeZone),
    figures: checkFigures(given.figures),
    requests: given.requests,
    errors: given.errors,
    latency: given.latency,
    madeAt: Date.now(),
  };
}

function resolveServed(enabled: boolean | undefined): Dashboard['served'] {
  if (enabled === undefined) return process.env.NODE_ENV === 'production' ? 'never' : 'protected';
  return checkBoolean('dashboard.enabled', enabled, true) ? 'always' : 'never';
}

function checkTimeZone(timeZone: unknown): string | undefined {
  if (timeZone === undefined) return undefined;
  const name = checkString('dashboard.timeZone', timeZone, '');
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return invalidOption(`dashboard.timeZone must be a name such as 'Europe/Berlin', got ${shown(timeZone)}`);
  }
}

function checkFigures(figures: DashboardOptions['figures']): Dashboard['figures'] {
  const given = checkOptions('dashboard.figures', figures, Object.keys(figures ?? {}));
  return Object.fromEntries(
    Object.entries(given).map(([name, figure]) => {
      const place = `dashboard.figures.${name}`;
      const { expression, unit, description } = checkOptions(place, figure, ['expression', 'unit', 'description']);
      checkExpression(`${place}.expression`, expression);
      return [
        name,
        {
          expression,
          unit: checkString(`${place}.unit`, unit, ''),
          description: checkString(`${place}.description`, description, ''),
        },
      ];
    }),
  );
}

/** Loads the PromQL parser only if there is an expression. */
function checkExpression(name: string, expression: unknown): void {
  if (typeof expression !== 'string') invalidOption(`${name} must be a string of PromQL, got ${shown(expression)}`);
  const { parseExpression } = require('../query/parse') as typeof import('../query/parse');
  const { typeOf } = require('../query/check') as typeof import('../query/check');
  const type = typeOf(parseExpression(expandToday(withWindow(expression, 1_000), 1_000)));
  if (type !== 'scalar' && type !== 'vector')
    invalidOption(`${name} must return a scalar or an instant vector, got a ${type}`);
}

/** @param window milliseconds */
export function withWindow(expression: string, window: number): string {
  return expression.replaceAll('$window', `${Math.ceil(window)}ms`);
}
