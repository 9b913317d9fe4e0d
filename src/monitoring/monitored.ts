import { types } from 'node:util';
import { checkGivenCollector } from '../collector/collector-check';
import { alike } from '../common/alike';
import { checkFunction, checkOptions } from '../common/options-check';
import { watchGenerator } from './generators';
import { type MonitoringOptions, Observation } from './observation';

type AnyFunction = (...args: never[]) => unknown;

const OPTIONS = [
  'timingMetric',
  'counterMetric',
  'errorCounter',
  'inFlightMetric',
  'labels',
  'resultErrors',
  'collector',
] as const;

/**
 * Wraps a function to record its calls. `this`, arguments, the value returned or thrown, the name, the length, own
 * properties and metadata are preserved. For a promise, returns one that settles alike; generators are recorded until
 * they end. Other thenables may start their work in `then`, so they are returned untouched.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION
 */
export function monitored<F extends AnyFunction>(fn: F, options: MonitoringOptions<Parameters<F>>): F {
  checkFunction('the first argument of monitored()', fn);
  const given = checkOptions<MonitoringOptions<Parameters<F>>>('monitoring options', options, OPTIONS);
  checkGivenCollector(given.collector);
  const observation = new Observation(given as MonitoringOptions);
  const isGenerator = makesGenerators(fn);
  const monitoring = function (this: unknown, ...args: never[]): unknown {
    const end = observation.begin(args);
    let result: unknown;
    try {
      result = new.target === undefined ? fn.apply(this, args) : Reflect.construct(fn, args, newTarget(new.target));
    } catch (error) {
      end(true);
      throw error;
    }
    if (isGenerator && isIterator(result))
      return watchGenerator(result, (outcome, failed) => end(failed || observation.isFailure(outcome)));
    if (types.isPromise(result)) return follow(result, observation, end);
    end(observation.isFailure(result));
    return result;
  };
  const newTarget = (target: unknown): typeof Function => (target === monitoring ? fn : target) as typeof Function;
  return alike(fn, monitoring) as unknown as F;
}

/** Whether a function is a generator function, or a wrapper with its prototype, as ours: decorators can be stacked. */
function makesGenerators(fn: AnyFunction): boolean {
  if (types.isGeneratorFunction(fn)) return true;
  const tag: unknown = Reflect.get(fn, Symbol.toStringTag);
  return tag === 'GeneratorFunction' || tag === 'AsyncGeneratorFunction';
}

function isIterator(result: unknown): result is Generator {
  return typeof result === 'object' && result !== null && 'next' in result;
}

/** Returns a derived promise, so that an unhandled rejection stays unhandled. */
function follow(promise: Promise<unknown>, observation: Observation, end: (failed: boolean) => void): Promise<unknown> {
  return promise.then(
    (value) => {
      end(observation.isFailure(value));
      return value;
    },
    (error: unknown) => {
      end(true);
      throw error;
    },
  );
}
