import { hasInFlight, inFlightIds } from '../arena/in-flight';
import { int, PAGE_MASK, PAGE_SHIFT } from '../arena/layout';
import type { Shard } from '../arena/shard';
import { Drainer } from '../drain/drain';
import { GAUGE } from '../kinds/gauge-cells';

/** How long to wait for the lock of a shard: a draining thread holds it for a few milliseconds. */
const MAX_WAIT_MS = 2_000;

/**
 * Subtracts the work that a shard's owner has in flight, since that thread ends. The caller owns the shard. Idempotent:
 * if the caller's thread is terminated meanwhile, the next thread that releases the shard does it again.
 *
 * @param mark of the calling thread
 */
export function endInFlight(shard: Shard, mark: number): void {
  const { arena } = shard;
  if (!hasInFlight(arena)) return;
  const drainer = new Drainer(arena, mark);
  shard.publishHead();
  drainer.withDrained([shard], MAX_WAIT_MS, () => {
    if (!drainer.holds(shard)) return;
    for (const id of inFlightIds(arena))
      for (const table of [shard.cells, shard.overflowCells]) clearAdded(shard, table, id);
  });
}

function clearAdded({ arena: { i32, f64 } }: Shard, table: number, id: number): void {
  const page = i32[table + (id >>> PAGE_SHIFT)];
  if (page === 0) return;
  const cell = page + (id & PAGE_MASK);
  if (f64[cell + GAUGE.ADDED] === 0 && f64[cell + GAUGE.OLD_ADDED] === 0) return;
  const sequence = int(cell + GAUGE.SEQUENCE);
  const version = i32[sequence] | 1;
  i32[sequence] = version;
  f64[cell + GAUGE.ADDED] = 0;
  f64[cell + GAUGE.OLD_ADDED] = 0;
  i32[sequence] = (version + 1) | 0;
}
