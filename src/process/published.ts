import type { Arena } from '../arena/arena';
import { RingmeterError } from '../common/errors';
import { ownProperties } from '../common/own-properties';
import type { Definition } from '../kinds/definition';
import { decide } from '../registry/overlap';
import { ownDefinition } from '../registry/own-series';
import { findFamily, readDefinition, registerFamily } from '../registry/register';
import type { DefaultMetrics } from './options';

/*
 * Whether a collector has default metrics, and their options, is stored in the registry, in the definition of one of
 * these metrics: every thread that joins finds it there, as does a flush worker that replaces another one.
 */
export const BUILD_INFO = {
  name: 'ringmeter_build_info',
  type: 'gauge',
  description: 'Version of ringmeter.',
} as const;

interface Marked extends Definition {
  defaultMetrics?: DefaultMetrics;
  /** Seconds since 1970. Stored: a recomputed value could differ by a second, which would look like another process. */
  startTime?: number;
}

/** The default metrics of a collector; undefined if it has none. */
export function publishedIn(arena: Arena): DefaultMetrics | undefined {
  return marked(arena).defaultMetrics;
}

/** When the process of a collector with default metrics was started, in whole seconds since 1970. */
export function startTimeIn(arena: Arena): number {
  return marked(arena).startTime ?? startTime();
}

function marked(arena: Arena): Pick<Marked, 'defaultMetrics' | 'startTime'> {
  const family = findFamily(arena, BUILD_INFO.name);
  return ownProperties(family === 0 ? {} : (readDefinition(arena, family) as Marked));
}

function startTime(): number {
  return Math.round(Date.now() / 1000 - process.uptime());
}

/**
 * Stores in the registry that a collector has these default metrics.
 *
 * @throws RingmeterError RINGMETER_METRIC_CONFLICT if it has others, RINGMETER_OUT_OF_MEMORY
 */
export function publishIn(arena: Arena, defaultMetrics: DefaultMetrics): void {
  const wanted: Marked = { ...ownDefinition(BUILD_INFO, null), defaultMetrics, startTime: startTime() };
  const family = registerFamily(arena, wanted);
  if (family === 0)
    throw new RingmeterError('RINGMETER_OUT_OF_MEMORY', 'no memory for the default metrics: raise maxMemory');
  const present = publishedIn(arena);
  if (decide(arena, family) && JSON.stringify(present) === JSON.stringify(defaultMetrics)) return;
  throw new RingmeterError(
    'RINGMETER_METRIC_CONFLICT',
    present === undefined
      ? `${BUILD_INFO.name} is defined already, by other code than the default metrics`
      : `default metrics are collected already, with ${JSON.stringify(present)}, asked for ${JSON.stringify(defaultMetrics)}`,
  );
}
