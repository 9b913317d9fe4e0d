import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcFile } from '../proc-file';
import type { Sampler } from '../report';
import { cgroupDirectories } from './cgroup-directories';
import { cgroupV1 } from './cgroup-v1';
import { cgroupV2 } from './cgroup-v2';

type Open = (path: string) => ProcFile;

/** Usage and limits of the process's control group. Missing files are skipped. */
export function cgroup(open: Open, mounts = '/proc/self/mountinfo', groups = '/proc/self/cgroup'): Sampler[] {
  const directories = cgroupDirectories(textOf(mounts), textOf(groups), existsSync);
  const file = (controller: string, name: string): ProcFile | undefined => {
    const directory = directories.get(controller) ?? directories.get('');
    const path = directory === undefined ? '' : join(directory, name);
    return path !== '' && existsSync(path) ? open(path) : undefined;
  };
  return [...cgroupV1(file), ...cgroupV2(file)];
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
