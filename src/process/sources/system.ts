import { numberAfter, type ProcFile } from '../proc-file';
import { counter, gauge, type Sampler } from '../report';
import { pressure } from './pressure';

type Open = (path: string) => ProcFile;

const KILOBYTE = 1024;
const SECTOR = 512;
/** USER_HZ: the unit of CPU times in /proc, independent of the kernel's HZ. */
const TICKS_PER_SECOND = 100;
/** Matches partitions, and devices backed by memory or files. */
const NO_DISK = /^(z?ram|loop|fd|(h|s|v|xv)d[a-z]+|nvme\d+n\d+p|mmcblk\d+p)\d+$/;

const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'];
const CPU = counter('system_cpu_seconds_total', 'CPU time of all processors by mode.');
const LOADS = [1, 5, 15].map((minutes) => gauge(`system_load${minutes}`, `Load average of ${minutes} minutes.`));
const MEMORY = [
  ['MemTotal', gauge('system_memory_total_bytes', 'Memory of the machine.')],
  ['MemAvailable', gauge('system_memory_available_bytes', 'Memory that programs can still get without swapping.')],
  ['SwapTotal', gauge('system_swap_total_bytes', 'Swap space of the machine.')],
  ['SwapFree', gauge('system_swap_free_bytes', 'Swap space that is free.')],
] as const;
const READ = counter('system_disk_read_bytes_total', 'Bytes read from a disk.');
const WRITTEN = counter('system_disk_written_bytes_total', 'Bytes written to a disk.');
const BUSY = counter('system_disk_io_time_seconds_total', 'Time in which a disk was busy.');
const RECEIVED = counter('system_network_receive_bytes_total', 'Bytes received by a network device.');
const SENT = counter('system_network_transmit_bytes_total', 'Bytes sent by a network device.');
const UPTIME = gauge('system_uptime_seconds', 'Time since the machine was started.');

/** The machine's metrics from proc(5), as far as this process may read them. */
export function system(open: Open): Sampler[] {
  return [
    processors(open('/proc/stat')),
    load(open('/proc/loadavg')),
    uptime(open('/proc/uptime')),
    memory(open('/proc/meminfo')),
    disks(open('/proc/diskstats')),
    network(open('/proc/self/net/dev')),
    pressure('system', (resource) => open(`/proc/pressure/${resource}`)),
  ];
}

export function processors(file: ProcFile): Sampler {
  return (report) => {
    const [name, ...ticks] = words(file.read()?.split('\n', 1)[0]);
    if (name !== 'cpu') return;
    MODES.forEach((mode, index) => {
      report.set(CPU, Number(ticks[index]) / TICKS_PER_SECOND, { mode });
    });
  };
}

export function load(file: ProcFile): Sampler {
  return (report) => {
    const loads = words(file.read());
    LOADS.forEach((metric, index) => {
      report.set(metric, Number(loads[index]));
    });
  };
}

export function uptime(file: ProcFile): Sampler {
  return (report) => report.set(UPTIME, Number(words(file.read())[0]));
}

export function memory(file: ProcFile): Sampler {
  return (report) => {
    const text = file.read() ?? '';
    for (const [word, metric] of MEMORY) report.set(metric, numberAfter(text, word) * KILOBYTE);
  };
}

/** Disks used since the machine was booted. */
export function disks(file: ProcFile): Sampler {
  return (report) => {
    for (const line of (file.read() ?? '').split('\n')) {
      const [, , device, , , read, , , , written, , , busy] = words(line);
      if (device === undefined || NO_DISK.test(device) || (read === '0' && written === '0')) continue;
      report.set(READ, Number(read) * SECTOR, { device });
      report.set(WRITTEN, Number(written) * SECTOR, { device });
      report.set(BUSY, Number(busy) / 1000, { device });
    }
  };
}

/** Used network devices of the process's network namespace: in a container, those of the container. */
export function network(file: ProcFile): Sampler {
  return (report) => {
    for (const line of (file.read() ?? '').split('\n').slice(2)) {
      const colon = line.lastIndexOf(':');
      const device = line.slice(0, colon).trim();
      const [received, , , , , , , , sent] = words(line.slice(colon + 1));
      if (colon < 1 || (received === '0' && sent === '0')) continue;
      report.set(RECEIVED, Number(received), { device });
      report.set(SENT, Number(sent), { device });
    }
  };
}

function words(line = ''): string[] {
  return line.match(/\S+/g) ?? [];
}
