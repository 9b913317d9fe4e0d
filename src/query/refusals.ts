import { RingmeterError } from '../common/errors';

/** A query that timed out. */
export class QueryLate extends RingmeterError {
  constructor(milliseconds: number) {
    super('RINGMETER_QUERY_LIMIT', `the query took longer than its timeout of ${milliseconds} ms`);
  }
}

/** A query that was refused, because too many are running and waiting. */
export class QueryCrowded extends RingmeterError {
  constructor(running: number, waiting: number) {
    super('RINGMETER_QUERY_LIMIT', `${running} queries are running and ${waiting} wait for them: try again later`);
  }
}
