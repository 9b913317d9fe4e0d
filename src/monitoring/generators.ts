import { types } from 'node:util';

type AnyGenerator = Generator | AsyncGenerator;
type Step = IteratorResult<unknown>;

/** Called once when a generator ends: with its return value, or with `failed` if it threw. */
type Ended = (returned: unknown, failed: boolean) => void;

/** Wraps a generator to report its end. An abandoned generator never ends. */
export function watchGenerator(generator: AnyGenerator, ended: Ended): AnyGenerator {
  let open = true;
  const end: Ended = (returned, failed) => {
    if (open) ended(returned, failed);
    open = false;
  };
  const after = (step: Step): Step => {
    if (step.done) end(step.value, false);
    return step;
  };
  const passed = (method: 'next' | 'return' | 'throw') => ({
    value: (...args: [unknown]): unknown => step(() => generator[method](...(args as [never])), after, end),
    writable: true,
    configurable: true,
  });
  // everything else is inherited, such as Symbol.iterator, which returns the wrapper itself
  return Object.create(Object.getPrototypeOf(generator), {
    next: passed('next'),
    return: passed('return'),
    throw: passed('throw'),
  });
}

function step(
  advance: () => Step | Promise<Step>,
  after: (step: Step) => Step,
  end: (returned: unknown, failed: boolean) => void,
): unknown {
  let result: Step | Promise<Step>;
  try {
    result = advance();
  } catch (error) {
    end(undefined, true);
    throw error;
  }
  if (!types.isPromise(result)) return after(result);
  return result.then(after, (error: unknown) => {
    end(undefined, true);
    throw error;
  });
}
