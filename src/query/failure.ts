import { RingmeterError } from '../common/errors';

/** What is wrong with an expression, and where. */
export function invalid(message: string, text: string, at: number): RingmeterError {
  const before = text.slice(0, at).split('\n');
  const line = before.length > 1 ? `line ${before.length}, ` : '';
  return new RingmeterError(
    'RINGMETER_INVALID_QUERY',
    `${message} (${line}character ${before[before.length - 1].length + 1} of ${excerpt(text)})`,
  );
}

/** What an evaluation found that has no answer. */
export function unanswerable(message: string): RingmeterError {
  return new RingmeterError('RINGMETER_INVALID_QUERY', message);
}

/** What an evaluation would take that it may not. */
export function limited(message: string): RingmeterError {
  return new RingmeterError('RINGMETER_QUERY_LIMIT', message);
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
