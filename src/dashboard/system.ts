import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';

/** Figures of the process and its machine, which any thread can read. */
export interface SystemFigures {
  /** Of the process. */
  uptimeSeconds: number;
  pid: number;
  nodeVersion: string;
  cpu: {
    /** CPUs that the process may use, and how many of them it kept busy since the last reading. */
    cores: number;
    coresUsed: number;
    userSeconds: number;
    systemSeconds: number;
    /** Of the machine, over a minute. */
    load: number;
  };
  memory: { residentBytes: number; machineTotalBytes: number; machineFreeBytes: number };
}

/** Shortest interval for a CPU share; over a shorter one it would be noise. */
const LEAST_MS = 500;

/** Reads the system's figures. CPU usage is the difference between two readings. */
export class SystemReader {
  private seen = { at: performance.now() - process.uptime() * 1000, busy: 0 };
  private coresUsed = 0;

  read(): SystemFigures {
    const { user, system } = process.cpuUsage();
    this.note((user + system) / 1000);
    return {
      uptimeSeconds: process.uptime(),
      pid: process.pid,
      nodeVersion: process.versions.node,
      cpu: {
        cores: availableParallelism(),
        coresUsed: this.coresUsed,
        userSeconds: user / 1e6,
        systemSeconds: system / 1e6,
        load: loadavg()[0],
      },
      memory: {
        residentBytes: process.memoryUsage.rss(),
        machineTotalBytes: totalmem(),
        machineFreeBytes: freemem(),
      },
    };
  }

  /** @param busy milliseconds of CPU time so far */
  private note(busy: number): void {
    const at = performance.now();
    if (at - this.seen.at < LEAST_MS) return;
    this.coresUsed = Math.max((busy - this.seen.busy) / (at - this.seen.at), 0);
    this.seen = { at, busy };
  }
}
