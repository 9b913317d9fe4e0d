import { RingmeterError, shown } from '../common/errors';
import { CounterMetric, InFlightMetric, TimingMetric } from './described-metrics';
import { monitored } from './monitored';
import type { MonitoringOptions } from './observation';

type Method = (...args: never[]) => unknown;

/**
 * A decorator of methods, static ones too, as TypeScript has them in both settings: the standard's `(method, context)`,
 * and `experimentalDecorators`' `(target, name, descriptor)`.
 */
export interface MethodDecorator {
  <M extends Method>(method: M, context: ClassMethodDecoratorContext): M;
  (target: object, name: string | symbol, descriptor: PropertyDescriptor): void;
}

/** Records the calls of a method: see `MonitoringOptions`. */
export function PerformanceMonitored(options: MonitoringOptions<never[]>): MethodDecorator {
  return ((methodOrTarget: object, contextOrName: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (isStandard(contextOrName)) return monitored(asMethod(methodOrTarget), options as never);
    const method = asMethod(descriptor?.value);
    descriptor!.value = monitored(method, options as never);
    return descriptor;
  }) as MethodDecorator;
}

/** Options of the short decorators, beside the metric's name. */
export type ShortOptions = Pick<MonitoringOptions<never[]>, 'labels' | 'collector' | 'resultErrors'>;

/** Observes the seconds that calls of a method take in the histogram of that name. */
export function Timed(name: string, options?: ShortOptions): MethodDecorator {
  return PerformanceMonitored({ ...options, timingMetric: new TimingMetric(name) });
}

/** Counts the calls of a method in the counter of that name. */
export function Counted(name: string, options?: ShortOptions): MethodDecorator {
  return PerformanceMonitored({ ...options, counterMetric: new CounterMetric(name) });
}

/** Shows the number of running calls of a method in the gauge of that name. */
export function InFlight(name: string, options?: ShortOptions): MethodDecorator {
  return PerformanceMonitored({ ...options, inFlightMetric: new InFlightMetric(name) });
}

function isStandard(context: unknown): boolean {
  return typeof context === 'object' && context !== null && 'kind' in context;
}

function asMethod(method: unknown): Method {
  if (typeof method === 'function') return method as Method;
  throw new RingmeterError('RINGMETER_INVALID_OPTION', `only methods can be monitored, got ${shown(method)}`);
}
