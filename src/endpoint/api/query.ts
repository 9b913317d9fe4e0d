import { QUERY_TIMEOUT_MS } from '../../query/query-limits';
import type { QueryResult } from '../../query/types';
import type { ApiAnswer, ApiCall, Handler } from './api';
import { ApiFailure, badParameter } from './failure';
import { endsEarly } from './parameters';
import { limited, resultPieces } from './results';

/** Evaluates queries. Times and durations in milliseconds. */
export interface Evaluator {
  instant(expression: string, time: number, options: EvaluationOptions): Promise<QueryResult>;
  range(expression: string, start: number, end: number, step: number, options: EvaluationOptions): Promise<QueryResult>;
}

export interface EvaluationOptions {
  /** Aborts the evaluation. */
  signal: AbortSignal;
  /** Milliseconds, including the time spent waiting for other queries. */
  timeout: number;
}

/** Most points of a series in an answer. */
const MOST_POINTS = 11_000;

/** `/api/v1/query` */
export function answerQuery(evaluator: Evaluator): Handler {
  return async ({ parameters, signal }) => {
    const time = finite('time', parameters.time('time', Date.now()));
    const options = { signal, timeout: timeoutOf(parameters) };
    const limit = parameters.limit();
    return answerOf(await evaluator.instant(parameters.expression(), time, options), limit);
  };
}

/** `/api/v1/query_range` */
export function answerQueryRange(evaluator: Evaluator): Handler {
  return async ({ parameters, signal }) => {
    const start = finite('start', parameters.time('start'));
    const end = finite('end', parameters.time('end'));
    if (end < start) throw endsEarly();
    const step = parameters.duration('step');
    if (step <= 0)
      throw badParameter(
        'step',
        'zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    if ((end - start) / step > MOST_POINTS)
      throw new ApiFailure(
        'bad_data',
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
      );
    const options = { signal, timeout: timeoutOf(parameters) };
    const limit = parameters.limit();
    return answerOf(await evaluator.range(parameters.rangeExpression(), start, end, step, options), limit);
  };
}

function answerOf(whole: QueryResult, limit: number): ApiAnswer {
  const { result, truncated } = limited(whole, limit);
  return { data: resultPieces(result), warnings: truncated ? ['results truncated due to limit'] : [] };
}

function timeoutOf(parameters: ApiCall['parameters']): number {
  const timeout = parameters.duration('timeout', QUERY_TIMEOUT_MS);
  if (timeout <= 0) throw badParameter('timeout', 'the timeout must be longer than 0');
  return Math.min(timeout, QUERY_TIMEOUT_MS);
}

function finite(name: string, time: number): number {
  if (Number.isFinite(time)) return time;
  throw badParameter(name, 'out of range');
}
