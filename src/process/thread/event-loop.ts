import { type IntervalHistogram, performance } from 'node:perf_hooks';
// not the globals: some realms have none
import { clearImmediate, setImmediate } from 'node:timers';
import { DelayWindow } from './delay-window';
import type { Probe, ThreadSeries } from './series';

const NANOSECONDS = 1e9;

/**
 * Delay and utilisation of this thread's event loop.
 *
 * @param seen whether the values have been scraped since its last call
 */
export function eventLoopProbe(series: ThreadSeries, seen: () => boolean): Probe {
  const lag = series.gauge('nodejs_eventloop_lag_seconds', 'Lag of event loop in seconds.');
  const utilization = series.gauge(
    'nodejs_eventloop_utilization_ratio',
    'Share of the time since the last sample in which the event loop was not idle.',
  );
  const showDelays = delayGauges(series);
  const window = new DelayWindow(series.options.eventLoopMonitoringPrecision);
  let last = performance.eventLoopUtilization();
  let late: NodeJS.Immediate | undefined;
  return {
    sample() {
      const began = performance.now();
      const present = performance.eventLoopUtilization();
      utilization(performance.eventLoopUtilization(present, last).utilization);
      last = present;
      clearImmediate(late);
      // runs after all timers of this turn: node's own timer may note a delay that has just ended after this one
      late = setImmediate(() => {
        lag((performance.now() - began) / 1000);
        window.sample(showDelays, seen());
      });
      late.unref();
    },
    stop() {
      clearImmediate(late);
      window.stop();
    },
  };
}

function delayGauges(series: ThreadSeries): (delays: IntervalHistogram) => void {
  const gauge = (what: string, description: string) =>
    series.gauge(`nodejs_eventloop_lag_${what}_seconds`, description);
  const percentile = (rank: number) => gauge(`p${rank}`, `The ${rank}th percentile of the recorded event loop delays.`);
  const min = gauge('min', 'The minimum recorded event loop delay.');
  const max = gauge('max', 'The maximum recorded event loop delay.');
  const mean = gauge('mean', 'The mean of the recorded event loop delays.');
  const stddev = gauge('stddev', 'The standard deviation of the recorded event loop delays.');
  const percentiles = [50, 90, 99].map((rank) => [rank, percentile(rank)] as const);
  return (delays) => {
    // an empty histogram has a nonsensical minimum and no mean
    if (delays.count === 0) return;
    min(delays.min / NANOSECONDS);
    max(delays.max / NANOSECONDS);
    mean(delays.mean / NANOSECONDS);
    stddev(delays.stddev / NANOSECONDS);
    for (const [rank, set] of percentiles) set(delays.percentile(rank) / NANOSECONDS);
  };
}
