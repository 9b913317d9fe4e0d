import type { Runtime, Session } from 'node:inspector';
// not the globals: there are realms that have none, or whose timers are not node's
import { clearTimeout, setTimeout } from 'node:timers';
import { isMainThread } from 'node:worker_threads';
import { messageOf, RingmeterError } from '../common/errors';

const NAME = 'ringmeter:stack';

/**
 * Evaluated on the main thread, on top of whatever it runs. It leaves everything as it was, and calls none of the user's
 * code: `prepareStackTrace` may be somebody's.
 */
const EXPRESSION = `(() => {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const overridden = Object.hasOwn(Error, 'prepareStackTrace');
  try {
    Error.stackTraceLimit = 100;
    Error.prepareStackTrace = undefined;
    return new Error('').stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (overridden) Error.prepareStackTrace = prepareStackTrace;
    else delete Error.prepareStackTrace;
  }
})()
//# sourceURL=${NAME}`;

/**
 * The JavaScript stack that the main thread is in at this moment, innermost call first, a line each; '' while it waits for
 * events. Asked from any other thread. A loop, a regular expression and `Atomics.wait` are interrupted for it, for about a
 * millisecond; the thread is not paused, no debugger is enabled, and one that is attached is not disturbed.
 *
 * @param timeout milliseconds to wait: native code, such as a synchronous call of the system, is not interrupted
 * @throws RingmeterError RINGMETER_STACK_UNAVAILABLE
 */
export async function mainThreadStack(timeout: number): Promise<string> {
  const session = connect();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `the main thread has not answered in ${timeout} ms: it runs native code, or gets no processor`;
    timer = setTimeout(() => reject(new RingmeterError('RINGMETER_STACK_UNAVAILABLE', message)), timeout);
  });
  try {
    return await Promise.race([evaluate(session), late]);
  } finally {
    clearTimeout(timer);
    session.disconnect();
  }
}

function connect(): Session {
  if (isMainThread)
    throw unavailable('the main thread cannot look at itself while it is stuck: flushWorkers must be at least 1');
  try {
    // node may have been built without
    const { Session } = require('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connectToMainThread();
    return session;
  } catch (error) {
    throw unavailable(`no inspector: ${messageOf(error)}`);
  }
}

function evaluate(session: Session): Promise<string> {
  return new Promise((resolve, reject) => {
    const parameters: Runtime.EvaluateParameterType = { expression: EXPRESSION, returnByValue: true, silent: true };
    session.post('Runtime.evaluate', parameters, (error, answer) => {
      const stack: unknown = answer?.result?.value;
      if (error === null && typeof stack === 'string') resolve(tidy(stack));
      else reject(unavailable(`the main thread did not say: ${messageOf(error ?? answer?.exceptionDetails?.text)}`));
    });
  });
}

/** The calls, without those of the question. */
function tidy(stack: string): string {
  const calls = stack.split('\n').map((line) => line.trim().replace(/^at /, ''));
  return calls
    .slice(1)
    .filter((call) => !call.includes(NAME))
    .join('\n');
}

function unavailable(message: string): RingmeterError {
  return new RingmeterError('RINGMETER_STACK_UNAVAILABLE', message);
}
