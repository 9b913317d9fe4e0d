import { RingmeterError, shown } from '../common/errors';
import { onAbort } from '../common/on-abort';
import { checkNumber, checkOptions, checkTime, invalidOption } from '../common/options-check';
import { cancel, makeCancelFlag } from '../flush/cancel-flag';
import type { FlushTasks } from '../flush/messages';
import type { QueryResult, RangeResult } from '../query/types';

const INVALID = 'RINGMETER_INVALID_QUERY';

interface EveryQueryOptions {
  /** Aborts the query; the promise is then rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Milliseconds that the evaluation may take, waiting for others included. Default 30 000. */
  timeout?: number;
}

export interface InstantQueryOptions extends EveryQueryOptions {
  /** Wall-clock milliseconds or a Date. Default now. */
  time?: number | Date;
}

/** Times in wall-clock milliseconds, or Dates. */
export interface RangeQueryOptions extends EveryQueryOptions {
  start: number | Date;
  /** Included. */
  end: number | Date;
  /** Milliseconds from one evaluation to the next. */
  step: number;
}

/** Sends a query to the flushing side. */
export type RunQuery = <T extends 'instant' | 'range'>(
  task: T,
  input: FlushTasks[T]['input'],
) => Promise<FlushTasks[T]['output']>;

/** @throws RingmeterError RINGMETER_INVALID_QUERY, RINGMETER_INVALID_OPTION, and what the evaluation throws */
export async function queryInstant(
  run: RunQuery,
  expression: string,
  options: InstantQueryOptions | undefined,
): Promise<QueryResult> {
  const given = checkOptions('query options', options, ['time', 'signal', 'timeout']);
  const input = { expression: checkExpression(expression), time: checkTime('time', given.time ?? Date.now(), INVALID) };
  return cancellable(given, (more) => run('instant', { ...input, ...more }));
}

/** @throws as `queryInstant` does */
export async function queryRange(run: RunQuery, expression: string, options: RangeQueryOptions): Promise<RangeResult> {
  const given = checkOptions('range query options', options, ['start', 'end', 'step', 'signal', 'timeout']);
  const start = checkTime('start', given.start, INVALID);
  const end = checkTime('end', given.end, INVALID);
  if (end < start) throw new RingmeterError(INVALID, `end must not be before start, got end ${end} and start ${start}`);
  if (!(Number.isFinite(given.step) && given.step > 0))
    throw new RingmeterError(INVALID, `step must be a number of milliseconds above 0, got ${shown(given.step)}`);
  const input = { expression: checkExpression(expression), start, end, step: given.step };
  return cancellable(given, (more) => run('range', { ...input, ...more }));
}

function cancellable<T>(
  { signal, timeout }: EveryQueryOptions,
  ask: (input: { timeout?: number; flag: SharedArrayBuffer }) => Promise<T>,
): Promise<T> {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    invalidOption(`signal must be an AbortSignal, got ${shown(signal)}`);
  if (timeout !== undefined) checkNumber('timeout', timeout, 0, 1, 2 ** 31 - 1);
  signal?.throwIfAborted();
  const flag = makeCancelFlag();
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      cancel(flag);
      reject(signal!.reason);
    };
    const off = signal && onAbort(signal, giveUp);
    ask({ flag, timeout })
      .then(resolve, reject)
      .finally(() => off?.());
  });
}

function checkExpression(expression: unknown): string {
  if (typeof expression === 'string') return expression;
  throw new RingmeterError(INVALID, `the expression must be a string of PromQL, got ${shown(expression)}`);
}
