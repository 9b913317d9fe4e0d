import { excerpt, RingmeterError } from '../common/errors';

/** The error for an invalid expression, with the position. */
export function invalid(message: string, text: string, at: number): RingmeterError {
  const before = text.slice(0, at).split('\n');
  const line = before.length > 1 ? `line ${before.length}, ` : '';
  return new RingmeterError(
    'RINGMETER_INVALID_QUERY',
    `${message} (${line}character ${before[before.length - 1].length + 1} of ${excerpt(text, 200)})`,
  );
}

/** The error for an expression that is valid but cannot be evaluated over these series. */
export function unanswerable(message: string): RingmeterError {
  return new RingmeterError('RINGMETER_INVALID_QUERY', message);
}

/** The error for an evaluation that would exceed a limit. */
export function limited(message: string): RingmeterError {
  return new RingmeterError('RINGMETER_QUERY_LIMIT', message);
}
