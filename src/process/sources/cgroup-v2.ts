import { numberAfter } from '../proc-file';
import type { Sampler } from '../report';
import * as metrics from './cgroup-metrics';
import { type ControllerFile, numberIn, sumOf } from './cgroup-metrics';
import { pressure } from './pressure';

/** Control groups, version 2: one hierarchy. Times are microseconds; `max` is no limit. Version 1 has the same files for processes. */
export function cgroupV2(file: ControllerFile): Sampler[] {
  return [
    cpu(file),
    memory(file),
    disk(file),
    processes(file),
    pressure('cgroup', (what) => file('', `${what}.pressure`)),
  ];
}

function cpu(file: ControllerFile): Sampler {
  const most = file('cpu', 'cpu.max');
  // hybrid setup: if version 1 controls the CPU, this file of version 2 belongs to another group
  const stat = file('cpuacct', 'cpuacct.usage') ? undefined : file('cpu', 'cpu.stat');
  return (report) => {
    const [quota, period] = (most?.read() ?? '').split(' ').map(Number);
    report.set(metrics.CPU_LIMIT, quota / period);
    const text = stat?.read() ?? '';
    report.set(metrics.CPU, numberAfter(text, 'usage_usec') / 1e6);
    report.set(metrics.PERIODS, numberAfter(text, 'nr_periods'));
    report.set(metrics.THROTTLED, numberAfter(text, 'nr_throttled'));
    report.set(metrics.THROTTLED_TIME, numberAfter(text, 'throttled_usec') / 1e6);
  };
}

function memory(file: ControllerFile): Sampler {
  const current = file('memory', 'memory.current');
  const most = file('memory', 'memory.max');
  const stat = current && file('memory', 'memory.stat');
  const events = file('memory', 'memory.events');
  return (report) => {
    const used = numberIn(current);
    report.set(metrics.MEMORY, used);
    report.set(metrics.WORKING_SET, Math.max(used - numberAfter(stat?.read() ?? '', 'inactive_file'), 0));
    report.set(metrics.MEMORY_LIMIT, numberIn(most));
    report.set(metrics.OOM_KILLS, numberAfter(events?.read() ?? '', 'oom_kill'));
  };
}

function disk(file: ControllerFile): Sampler {
  const stat = file('io', 'io.stat');
  return (report) => {
    report.set(metrics.READ, sumOf(stat, /\brbytes=(\d+)/g));
    report.set(metrics.WRITTEN, sumOf(stat, /\bwbytes=(\d+)/g));
  };
}

function processes(file: ControllerFile): Sampler {
  const current = file('pids', 'pids.current');
  const most = file('pids', 'pids.max');
  return (report) => {
    report.set(metrics.PIDS, numberIn(current));
    report.set(metrics.PIDS_LIMIT, numberIn(most));
  };
}
