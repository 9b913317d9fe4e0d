import { attachCollector, type MetricsCollector } from 'ringmeter';
import type { Test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { HEADER, int } from '../../dist/src/arena/layout.js';
import { threadMark } from '../../dist/src/arena/shard.js';
import { resolveOptions } from '../../dist/src/collector/options.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { Recycler } from '../../dist/src/lifecycle/recycler.js';
import { Collect } from '../../dist/src/snapshot/collect.js';

/** A collector on an arena in which memory is used again after some milliseconds, if somebody collects and recycles. */
export function mortal(t: Test, ringCapacity = 1_024, quarantine = 2, cardinalityLimit = 1_000) {
  const arena = Arena.create({
    maker: threadMark(0),
    maxMemory: 2 ** 24,
    maxThreads: 8,
    ringCapacity,
    settings: {
      ...resolveOptions({ flushInterval: 0, cardinalityLimit, seriesLimit: 10_000 }).settings,
      quarantine,
    },
  });
  const collector: MetricsCollector = attachCollector({ arena: arena.buffer });
  t.teardown(() => collector.close());
  const drainer = new Drainer(arena, 2_000_000);
  const collect = new Collect(arena, drainer);
  const recycler = new Recycler(arena, drainer, quarantine);
  return {
    arena,
    collector,
    collect,
    /** How often the memory of a series has been used for another. */
    reborn: () => Atomics.load(arena.i32, int(HEADER.REBORN)),
    /** A turn of recycling, which this thread acknowledges. */
    recycle(): void {
      recycler.turn(collect.catalog.families);
      for (let time = 0; time < 80; time++) collector.counter('busy').increment();
    },
  };
}
