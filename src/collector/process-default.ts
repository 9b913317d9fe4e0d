import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { isArena } from '../arena/arena';
import { LAYOUT_VERSION } from '../arena/layout';
import type { MetricsCollector } from './collector';

/**
 * Key of the environment data by which worker threads inherit the default collector's arena. It contains the layout
 * version, so that an incompatible version of the package does not find the arena.
 */
const ENVIRONMENT = `ringmeter.arena.${LAYOUT_VERSION}`;

interface Shared {
  default: MetricsCollector | undefined;
  readonly byArena: WeakMap<SharedArrayBuffer, MetricsCollector>;
}

/** Key of the registry of collectors: one per thread, shared by all copies of the package. */
const KEY = Symbol.for('ringmeter.collectors');
const slot = globalThis as { [KEY]?: Shared };

// sealed: jest deletes the properties of objects in globals after each test file
slot[KEY] ??= Object.seal({ default: undefined, byArena: new WeakMap() });
const shared = slot[KEY];

/** Registers this collector for its arena on this thread. */
export function remember(collector: MetricsCollector): void {
  shared.byArena.set(collector.handle.arena, collector);
}

/** This thread's collector of an arena, whether it made the arena or joined it. */
export function remembered(arena: SharedArrayBuffer): MetricsCollector | undefined {
  return shared.byArena.get(arena);
}

export function presentDefault(): MetricsCollector | undefined {
  return shared.default;
}

/** The arena of the default collector of the thread that started this one. */
export function inheritedArena(): SharedArrayBuffer | undefined {
  const arena = getEnvironmentData(ENVIRONMENT);
  return isArena(arena) ? arena : undefined;
}

/** Makes a collector the default of its thread and of the threads started later, unless there is one already. */
export function claimDefault(collector: MetricsCollector): void {
  if (shared.default !== undefined || inheritedArena() !== undefined) return;
  replaceDefault(collector);
}

/** Makes a collector the default of its thread and of the threads started later, whatever was the default before. */
export function replaceDefault(collector: MetricsCollector): void {
  shared.default = collector;
  setEnvironmentData(ENVIRONMENT, collector.handle.arena as never);
}

/** Registers, as this thread's default, the collector by which it joined the inherited one. */
export function adoptDefault(collector: MetricsCollector): void {
  shared.default = collector;
}

export function releaseDefault(collector: MetricsCollector): void {
  if (shared.default !== collector) return;
  shared.default = undefined;
  if (inheritedArena() === collector.handle.arena) setEnvironmentData(ENVIRONMENT, undefined as never);
}
