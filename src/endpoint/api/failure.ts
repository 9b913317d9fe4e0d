import { messageOf, RingmeterError } from '../../common/errors';
import { QueryCrowded, QueryLate } from '../../query/refusals';
import { Busy } from '../busy';
import { BadForm } from '../form';

/** Prometheus' error types, and their HTTP statuses. */
const STATUSES = { bad_data: 400, execution: 422, timeout: 503, unavailable: 503, internal: 500 } as const;

/** Characters of a message, which may quote what the client has sent. */
const MOST_CHARACTERS = 500;

export type ErrorType = keyof typeof STATUSES;

/** An error that is answered instead of data. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly status: number;

  constructor(
    readonly type: ErrorType,
    message: string,
    status?: number,
  ) {
    super(message.length > MOST_CHARACTERS ? `${message.slice(0, MOST_CHARACTERS)}…` : message);
    this.status = status ?? STATUSES[type];
  }
}

/** The error for an invalid parameter, in Prometheus' words. */
export function badParameter(name: string, message: string): ApiFailure {
  return new ApiFailure('bad_data', `invalid parameter ${JSON.stringify(name)}: ${message}`);
}

/** Converts any error to the failure that is answered. */
export function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  if (error instanceof BadForm) return new ApiFailure('bad_data', error.message, error.status);
  return new ApiFailure(typeOf(error), messageOf(error));
}

function typeOf(error: unknown): ErrorType {
  if (error instanceof QueryLate) return 'timeout';
  if (error instanceof QueryCrowded || error instanceof Busy) return 'unavailable';
  const code = error instanceof RingmeterError ? error.code : undefined;
  if (code === 'RINGMETER_NO_STORAGE' || code === 'RINGMETER_CLOSED') return 'unavailable';
  // errors in the text of an expression have been reported before; this one arose during evaluation
  return code === 'RINGMETER_QUERY_LIMIT' || code === 'RINGMETER_INVALID_QUERY' ? 'execution' : 'internal';
}
