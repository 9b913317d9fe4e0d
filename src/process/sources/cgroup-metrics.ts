import type { ProcFile } from '../proc-file';
import { counter, gauge } from '../report';

/** A file of a controller, if there is one. */
export type ControllerFile = (controller: string, name: string) => ProcFile | undefined;

export const CPU = counter('cgroup_cpu_usage_seconds_total', 'CPU time that the cgroup has used.');
export const CPU_LIMIT = gauge('cgroup_cpu_limit_cores', 'Processors that the cgroup may use, if it has a limit.');
export const PERIODS = counter('cgroup_cpu_periods_total', 'Periods in which a limit on the CPU time was in force.');
export const THROTTLED = counter(
  'cgroup_cpu_throttled_periods_total',
  'Periods in which the limit on the CPU time was reached.',
);
export const THROTTLED_TIME = counter(
  'cgroup_cpu_throttled_seconds_total',
  'Time that the tasks of the cgroup were kept from running by the limit.',
);
export const MEMORY = gauge('cgroup_memory_usage_bytes', 'Memory of the cgroup, including cached files.');
export const WORKING_SET = gauge(
  'cgroup_memory_working_set_bytes',
  'Memory of the cgroup without cached files that were not used recently.',
);
export const MEMORY_LIMIT = gauge('cgroup_memory_limit_bytes', 'Limit of the memory of the cgroup, if it has one.');
export const OOM_KILLS = counter(
  'cgroup_oom_kills_total',
  'Processes of the cgroup that were killed because memory ran out.',
);
export const READ = counter('cgroup_disk_read_bytes_total', 'Bytes that the cgroup has read from disks.');
export const WRITTEN = counter('cgroup_disk_written_bytes_total', 'Bytes that the cgroup has written to disks.');
export const PIDS = gauge('cgroup_pids', 'Processes and threads of the cgroup.');
export const PIDS_LIMIT = gauge(
  'cgroup_pids_limit',
  'Limit of the processes and threads of the cgroup, if there is one.',
);

/** The number that a file consists of; NaN for none, and for `max`. */
export function numberIn(file: ProcFile | undefined): number {
  return Number.parseFloat(file?.read() ?? '');
}

/** The sum of all matches of a pattern, one per line (disk); NaN without a file. */
export function sumOf(file: ProcFile | undefined, pattern: RegExp): number {
  const text = file?.read();
  if (text === undefined) return Number.NaN;
  let sum = 0;
  for (const [, bytes] of text.matchAll(pattern)) sum += Number(bytes);
  return sum;
}
