import { RingmeterError } from '../common/errors';
import type { QueryResult } from '../query/types';

/**
 * The single number of a result; undefined if the result is empty.
 *
 * @throws RingmeterError RINGMETER_INVALID_QUERY if there are several
 */
export function numberOf(result: QueryResult): number | undefined {
  if (result.type === 'scalar') return result.value;
  if (result.type === 'vector' && result.samples.length < 2) return result.samples[0]?.value;
  const what = result.type === 'vector' ? `${result.samples.length} series` : `a ${result.type}`;
  throw new RingmeterError(
    'RINGMETER_INVALID_QUERY',
    `the expression must return a scalar or at most one series, got ${what}: aggregate it, as with sum()`,
  );
}
