import type { Runtime, Session } from 'node:inspector';
// not the globals: some realms have none, or replace node's timers
import { clearTimeout, setTimeout } from 'node:timers';
import { isMainThread } from 'node:worker_threads';
import { messageOf, RingmeterError } from '../common/errors';

const NAME = 'ringmeter:stack';

/**
 * Evaluated on the main thread, on top of its present stack. It has no side effects and calls no code of the user: it
 * avoids `prepareStackTrace`, which the user may have set.
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
 * The present JavaScript stack of the main thread, innermost call first, a line each; '' while it waits for events.
 * Call it on any other thread. It interrupts loops, regular expressions and `Atomics.wait` for about a millisecond; it
 * does not pause the thread, enables no debugger, and does not disturb an attached one.
 *
 * @param timeout milliseconds to wait: native code, such as a synchronous system call, cannot be interrupted
 * @throws RingmeterError RINGMETER_STACK_UNAVAILABLE
 */
export async function mainThreadStack(timeout: number): Promise<string> {
  const session = connect();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `the main thread has not answered in ${timeout} ms: it runs native code, or gets no CPU time`;
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
    throw unavailable(
      'the main thread cannot read its own stack while it is blocked: call this on another thread, or set flushWorkers to at least 1',
    );
  try {
    // node may have been built without the inspector
    const { Session } = require('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connectToMainThread();
    return session;
  } catch (error) {
    throw unavailable(`the inspector of node is not available: ${messageOf(error)}`);
  }
}

function evaluate(session: Session): Promise<string> {
  return new Promise((resolve, reject) => {
    const parameters: Runtime.EvaluateParameterType = { expression: EXPRESSION, returnByValue: true, silent: true };
    session.post('Runtime.evaluate', parameters, (error, answer) => {
      const stack: unknown = answer?.result?.value;
      if (error === null && typeof stack === 'string') resolve(tidy(stack));
      else
        reject(
          unavailable(
            `the inspector returned no stack of the main thread: ${messageOf(error ?? answer?.exceptionDetails?.text)}`,
          ),
        );
    });
  });
}

/** The stack without the frames of the evaluated expression. */
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
