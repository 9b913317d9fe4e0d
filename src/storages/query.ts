import { RingmeterError, shown } from '../common/errors';
import { checkTime } from '../common/options-check';
import { ownProperties } from '../common/own-properties';
import type { ResolvedQuery, SeriesQuery } from '../delivery/types';

/** Checks a query and fills in its bounds. Throws RINGMETER_INVALID_QUERY. */
export function resolveQuery(query: SeriesQuery): ResolvedQuery {
  const given = ownProperties(query ?? {}, ['name', 'labels', 'from', 'to']);
  if (typeof given.name !== 'string')
    throw new RingmeterError('RINGMETER_INVALID_QUERY', `name must be a string, got ${shown(given.name)}`);
  const { labels: wanted = {} } = given;
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted))
    throw new RingmeterError('RINGMETER_INVALID_QUERY', `labels must be an object, got ${shown(wanted)}`);
  const labels = Object.entries(wanted);
  const bad = labels.find(([, value]) => !['string', 'number', 'boolean'].includes(typeof value));
  if (bad)
    throw new RingmeterError('RINGMETER_INVALID_QUERY', `label ${bad[0]} must be a string, got ${shown(bad[1])}`);
  return {
    name: given.name,
    labels: Object.fromEntries(labels.map(([name, value]) => [name, String(value)])),
    ...resolveTimes(given),
  };
}

/** Checks the bounds of a time and fills in those that are left out. Throws RINGMETER_INVALID_QUERY. */
export function resolveTimes({ from, to }: Pick<SeriesQuery, 'from' | 'to'>): { from: number; to: number } {
  return {
    from: resolveTime('from', from, Number.NEGATIVE_INFINITY),
    to: resolveTime('to', to, Number.POSITIVE_INFINITY),
  };
}

function resolveTime(name: string, time: unknown, unbounded: number): number {
  const isInfinite = time === Number.POSITIVE_INFINITY || time === Number.NEGATIVE_INFINITY;
  return time === undefined ? unbounded : isInfinite ? time : checkTime(name, time, 'RINGMETER_INVALID_QUERY');
}
