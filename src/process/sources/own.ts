import type { Drainer } from '../../drain/drain';
import type { WorkerBoard } from '../board';
import { threadName } from '../place';
import { counter, gauge, type Sampler } from '../report';
import { stalledSeconds } from '../stall';
import { type CollectorStats, readStats } from '../stats';

const STATS: readonly (readonly [ReturnType<typeof counter>, (stats: CollectorStats) => number])[] = [
  [counter('ringmeter_recorded_total', 'Calls that recorded something, or tried to.'), (stats) => stats.recorded],
  [counter('ringmeter_folded_total', 'Events that have been folded into their series.'), (stats) => stats.folded],
  [
    counter(
      'ringmeter_folded_in_place_total',
      'Events that found the ring full, and were folded by the thread that recorded them.',
    ),
    (stats) => stats.foldedInPlace,
  ],
  [counter('ringmeter_dropped_total', 'Events that were dropped.'), (stats) => stats.dropped],
  [counter('ringmeter_invalid_total', 'Calls refused for their value or labels.'), (stats) => stats.invalid],
  [counter('ringmeter_flushes_total', 'Snapshots made for storages.'), (stats) => stats.flushes],
  [counter('ringmeter_flush_failures_total', 'Failed attempts to store a snapshot.'), (stats) => stats.failedFlushes],
  [counter('ringmeter_collects_total', 'Snapshots that were made.'), (stats) => stats.collects],
  [counter('ringmeter_scrapes_total', 'Requests to scrape endpoints.'), (stats) => stats.scrapes],
  [gauge('ringmeter_series', 'Number of series.'), (stats) => stats.series],
  [gauge('ringmeter_metrics', 'Number of metrics.'), (stats) => stats.metrics],
  [gauge('ringmeter_threads', 'Threads that record.'), (stats) => stats.threads],
  [gauge('ringmeter_arena_bytes', 'Shared memory that is in use.'), (stats) => stats.bytes],
  [gauge('ringmeter_arena_limit_bytes', 'Limit of the shared memory, maxMemory.'), (stats) => stats.maxMemory],
  [
    gauge('ringmeter_ring_high_water_events', 'Most events ever seen waiting in one ring.'),
    (stats) => stats.ringHighWaterMark,
  ],
  [gauge('ringmeter_ring_capacity_events', 'Events that a ring holds.'), (stats) => stats.ringCapacity],
];

const WORKER_CPU = counter('ringmeter_worker_cpu_seconds_total', 'CPU time that the flush workers have used.');
const STALLED = gauge(
  'ringmeter_event_loop_stalled_seconds',
  'Time for which the event loop of a thread has been blocked; 0 while it turns.',
);

/** The library's own metrics: the counts of `stats()`. */
export function counts(drainer: Drainer): Sampler {
  return (report) => {
    const stats = readStats(drainer.arena, drainer, []);
    for (const [metric, read] of STATS) report.set(metric, read(stats));
  };
}

/** The number of threads whose event loop is stalled now. */
export function stalls(drainer: Drainer): Sampler {
  return (report) => {
    drainer.arena.tick();
    for (const shard of drainer.used()) report.set(STALLED, stalledSeconds(shard), { thread: threadName(shard) });
  };
}

export function workerTime(board: WorkerBoard): Sampler {
  return (report) => {
    board.addCpuTime();
    report.set(WORKER_CPU, board.cpuSeconds);
  };
}
