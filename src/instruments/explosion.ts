import type { Arena } from '../arena/arena';
import { high, int, RECORD, RECORD_KIND, SERIES_FLAG, VOID_ENTRY } from '../arena/layout';
import { warn } from '../common/warning';
import type { Definition } from '../kinds/definition';
import { directoryLength, PENDING_ENTRY, readEntry } from '../registry/directory';
import { type Refusal, readDefinition } from '../registry/register';
import { readLabels } from '../registry/series-key';

/** How many of the newest directory entries are read, and how many series are examined: 3 ms at most. */
const NEWEST_ENTRIES = 16_384;
const SAMPLE = 1_024;
const LONGEST_EXAMPLE = 80;
/** Bits in a family's record: the reasons for which the user has been warned already. */
const WARNED: Record<Refusal, number> = { limit: 1, total: 2, memory: 4 };

export interface ExplodingMetric {
  readonly arena: Arena;
  readonly family: number;
  readonly definition: Definition;
  readonly cardinalityLimit: number;
  readonly seriesLimit: number;
}

/**
 * Warns that new label sets of a metric share the overflow series, and names the label with the most values. The user
 * is warned once per metric and reason, by the thread that sets the bit; a later refusal costs one atomic operation.
 */
export function warnOfExplosion(metric: ExplodingMetric, refusal: Refusal): void {
  const { arena, family, definition, cardinalityLimit, seriesLimit } = metric;
  const bit = WARNED[refusal];
  if ((Atomics.or(arena.i32, high(family + RECORD.FAMILY_LIVES), bit) & bit) !== 0) return;
  const { name } = definition;
  const share = 'further label sets go to the series ringmeter_overflow="true" of their metric';
  if (refusal === 'limit') {
    const why = `${name} has reached its cardinalityLimit of ${cardinalityLimit} series`;
    warn('RINGMETER_CARDINALITY', `${why}: ${share}${labelWithMostValues(arena, family)}`);
    return;
  }
  const code = refusal === 'total' ? 'RINGMETER_CARDINALITY' : 'RINGMETER_OUT_OF_MEMORY';
  const why =
    refusal === 'total' ? `all metrics together have reached the seriesLimit of ${seriesLimit}` : 'maxMemory is full';
  warn(code, `no new series for ${name}: ${why}; ${share}${labelWithMostValues(arena, largest(arena))}`);
}

/** The end of the warning: the label with the most values among the newest series of a metric. */
function labelWithMostValues(arena: Arena, family: number): string {
  const values = new Map<string, Set<string>>();
  let count = 0;
  for (const record of newest(arena)) {
    if (arena.i32[int(record + RECORD.SERIES)] !== family) continue;
    for (const [name, value] of readLabels(arena, record)) {
      const seen = values.get(name);
      if (seen === undefined) values.set(name, new Set([value]));
      else seen.add(value);
    }
    if (++count === SAMPLE) break;
  }
  const [most] = [...values].sort(([, a], [, b]) => b.size - a.size);
  if (most === undefined) return '';
  const [label, { size }] = most;
  const [example] = most[1];
  const { name } = readDefinition(arena, family);
  return `. The newest ${count} series of ${name} have ${size} values of the label ${label}, such as ${JSON.stringify(example.slice(0, LONGEST_EXAMPLE))}`;
}

/** The metric that most of the newest series belong to. */
function largest(arena: Arena): number {
  const counts = new Map<number, number>();
  for (const record of newest(arena)) {
    const family = arena.i32[int(record + RECORD.SERIES)];
    counts.set(family, (counts.get(family) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? 0;
}

/** Records of the series registered last, the newest first, without overflow series. */
function* newest(arena: Arena): Generator<number> {
  const end = directoryLength(arena);
  for (let place = end - 1; place >= Math.max(end - NEWEST_ENTRIES, 0); place--) {
    const record = readEntry(arena, place);
    if (
      record === PENDING_ENTRY ||
      record === VOID_ENTRY ||
      arena.i32[high(record + RECORD.KEY)] !== RECORD_KIND.SERIES
    )
      continue;
    if ((arena.i32[high(record + RECORD.SERIES_LIFE)] & SERIES_FLAG.BEYOND) === 0) yield record;
  }
}
