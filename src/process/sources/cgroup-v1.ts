import { numberAfter } from '../proc-file';
import type { Sampler } from '../report';
import * as metrics from './cgroup-metrics';
import { type ControllerFile, numberIn, sumOf } from './cgroup-metrics';

/** A larger value means "no limit": the kernel shows the largest multiple of a page. */
const NO_LIMIT = 2 ** 62;

/** Control groups, version 1: a hierarchy per controller. Times are nanoseconds. */
export function cgroupV1(file: ControllerFile): Sampler[] {
  return [cpu(file), memory(file), disk(file)];
}

function cpu(file: ControllerFile): Sampler {
  const usage = file('cpuacct', 'cpuacct.usage');
  const quota = file('cpu', 'cpu.cfs_quota_us');
  const period = file('cpu', 'cpu.cfs_period_us');
  // version 2 has a file of this name, with another unit
  const stat = quota && file('cpu', 'cpu.stat');
  return (report) => {
    report.set(metrics.CPU, numberIn(usage) / 1e9);
    const limit = numberIn(quota);
    // -1 = none
    if (limit > 0) report.set(metrics.CPU_LIMIT, limit / numberIn(period));
    const text = stat?.read() ?? '';
    report.set(metrics.PERIODS, numberAfter(text, 'nr_periods'));
    report.set(metrics.THROTTLED, numberAfter(text, 'nr_throttled'));
    report.set(metrics.THROTTLED_TIME, numberAfter(text, 'throttled_time') / 1e9);
  };
}

function memory(file: ControllerFile): Sampler {
  const usage = file('memory', 'memory.usage_in_bytes');
  const most = file('memory', 'memory.limit_in_bytes');
  const stat = usage && file('memory', 'memory.stat');
  const kills = file('memory', 'memory.oom_control');
  return (report) => {
    const used = numberIn(usage);
    report.set(metrics.MEMORY, used);
    report.set(metrics.WORKING_SET, Math.max(used - numberAfter(stat?.read() ?? '', 'total_inactive_file'), 0));
    const limit = numberIn(most);
    if (limit < NO_LIMIT) report.set(metrics.MEMORY_LIMIT, limit);
    report.set(metrics.OOM_KILLS, numberAfter(kills?.read() ?? '', 'oom_kill'));
  };
}

function disk(file: ControllerFile): Sampler {
  const bytes = file('blkio', 'blkio.throttle.io_service_bytes');
  return (report) => {
    report.set(metrics.READ, sumOf(bytes, /^\d+:\d+ Read (\d+)$/gm));
    report.set(metrics.WRITTEN, sumOf(bytes, /^\d+:\d+ Write (\d+)$/gm));
  };
}
