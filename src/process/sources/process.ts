import { readdirSync, readFileSync, statSync } from 'node:fs';
import { VERSION } from '../../common/version';
import { numberAfter, type ProcFile } from '../proc-file';
import { BUILD_INFO } from '../published';
import { counter, gauge, type Sampler } from '../report';

const KILOBYTE = 1024;
const BLOCK = 512;

const CPU_USER = counter('process_cpu_user_seconds_total', 'Total user CPU time spent in seconds.');
const CPU_SYSTEM = counter('process_cpu_system_seconds_total', 'Total system CPU time spent in seconds.');
const CPU = counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.');
const START = gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.');
const UPTIME = gauge('process_uptime_seconds', 'Time since the start of the process in seconds.');
const RESIDENT = gauge('process_resident_memory_bytes', 'Resident memory size in bytes.');
const RESIDENT_MAX = gauge('process_resident_memory_max_bytes', 'Largest resident memory size so far in bytes.');
const VIRTUAL = gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.');
const HEAP = gauge('process_heap_bytes', 'Process heap size in bytes.');
const SWAP = gauge('process_swap_bytes', 'Memory that is swapped out, in bytes.');
const THREADS = gauge('process_threads', 'Threads of the process, those of node and V8 included.');
const OPEN_FDS = gauge('process_open_fds', 'Number of open file descriptors.');
const MAX_FDS = gauge('process_max_fds', 'Maximum number of open file descriptors.');
const FAULTS = counter('process_page_faults_total', 'Page faults; a major one had to wait for a disk.');
const SWITCHES = counter(
  'process_context_switches_total',
  'Context switches; at an involuntary one the scheduler took the CPU away.',
);
const READ = counter('process_disk_read_bytes_total', 'Bytes that the process had read from disks.');
const WRITTEN = counter('process_disk_written_bytes_total', 'Bytes that the process had written to disks.');
const NODE = gauge('nodejs_version_info', 'Node.js version info.');

/** CPU times, page faults and context switches, from getrusage(2), on every platform. */
export function usage(startTime: number): Sampler {
  return (report) => {
    const used = process.resourceUsage();
    report.set(CPU_USER, used.userCPUTime / 1e6);
    report.set(CPU_SYSTEM, used.systemCPUTime / 1e6);
    report.set(CPU, (used.userCPUTime + used.systemCPUTime) / 1e6);
    report.set(RESIDENT_MAX, used.maxRSS * KILOBYTE);
    report.set(FAULTS, used.majorPageFault, { kind: 'major' });
    report.set(FAULTS, used.minorPageFault, { kind: 'minor' });
    report.set(SWITCHES, used.voluntaryContextSwitches, { kind: 'voluntary' });
    report.set(SWITCHES, used.involuntaryContextSwitches, { kind: 'involuntary' });
    report.set(READ, used.fsRead * BLOCK);
    report.set(WRITTEN, used.fsWrite * BLOCK);
    report.set(START, startTime);
    report.set(UPTIME, process.uptime());
  };
}

/** The versions of node and the library. */
export function versions(): Sampler {
  const { version } = process;
  const [major, minor, patch] = version.slice(1).split(/[.-]/);
  return (report) => {
    report.set(NODE, 1, { version, major, minor, patch });
    report.set(BUILD_INFO, 1, { version: VERSION });
  };
}

/** Memory and threads, from proc_pid_status(5); on other systems than Linux only resident memory. */
export function memory(status: ProcFile): Sampler {
  return (report) => {
    const text = status.read();
    if (text === undefined) {
      report.set(RESIDENT, process.memoryUsage.rss());
      return;
    }
    report.set(RESIDENT, numberAfter(text, 'VmRSS') * KILOBYTE);
    report.set(VIRTUAL, numberAfter(text, 'VmSize') * KILOBYTE);
    report.set(HEAP, numberAfter(text, 'VmData') * KILOBYTE);
    report.set(SWAP, numberAfter(text, 'VmSwap') * KILOBYTE);
    report.set(THREADS, numberAfter(text, 'Threads'));
  };
}

/** The number of open files, and its limit. Linux only. */
export function descriptors(directory = '/proc/self/fd', limits = '/proc/self/limits'): Sampler {
  const most = readLimit(limits);
  return (report) => {
    report.set(MAX_FDS, most);
    report.set(OPEN_FDS, countIn(directory));
  };
}

function readLimit(file: string): number {
  try {
    return numberAfter(readFileSync(file, 'latin1'), 'Max open files');
  } catch {
    return Number.NaN;
  }
}

/** Counts entries. Since Linux 6.2 the directory's size is their number; listing ten thousand takes milliseconds. */
function countIn(directory: string): number {
  try {
    // - 1: the descriptor that reads the directory
    return statSync(directory).size || readdirSync(directory).length - 1;
  } catch {
    return Number.NaN;
  }
}
