import type { ProcFile } from '../proc-file';
import { counter, type Sampler } from '../report';

const RESOURCES = ['cpu', 'memory', 'io'];

/**
 * Pressure stall information (PSI; Linux 4.20 and up, unless switched off): how long some tasks, or all tasks at once,
 * waited for a resource.
 *
 * @param whose prefix of the metrics' names
 */
export function pressure(whose: string, open: (resource: string) => ProcFile | undefined): Sampler {
  const waiting = counter(`${whose}_pressure_waiting_seconds_total`, 'Time in which some tasks waited for a resource.');
  const stalled = counter(`${whose}_pressure_stalled_seconds_total`, 'Time in which all tasks waited for a resource.');
  const files = RESOURCES.map((resource) => ({ resource, file: open(resource) }));
  return (report) => {
    for (const { resource, file } of files) {
      const text = file?.read() ?? '';
      report.set(waiting, totalOf(text, 'some'), { resource });
      report.set(stalled, totalOf(text, 'full'), { resource });
    }
  };
}

/** The total in seconds, from `some avg10=0.00 avg60=0.00 avg300=0.00 total=12345` (microseconds). */
function totalOf(text: string, which: string): number {
  const found = new RegExp(`^${which} .*total=(\\d+)`, 'm').exec(text);
  return found === null ? Number.NaN : Number(found[1]) / 1e6;
}
