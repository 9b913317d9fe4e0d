import type { Drainer } from '../../drain/drain';
import type { Catalog } from '../../registry/catalog';
import type { WorkerBoard } from '../board';
import type { DefaultMetrics } from '../options';
import type { ProcFile } from '../proc-file';
import { startTimeIn } from '../published';
import type { Sampler } from '../report';
import { cgroup } from './cgroup';
import { goneThreads } from './gone';
import { counts, stalls, workerTime } from './own';
import { descriptors, memory, usage, versions } from './process';
import { system } from './system';

/** The inputs of the sources. */
export interface Origins {
  drainer: Drainer;
  catalog: Catalog;
  /** Of the flush workers; undefined on other threads. */
  board: WorkerBoard | undefined;
  /** Returns the cached, open file of a path. */
  file: (path: string) => ProcFile;
}

/** All sources of default metrics for these options. */
export function everySource({ drainer, catalog, board, file }: Origins, options: DefaultMetrics): Sampler[] {
  const all = [
    usage(startTimeIn(drainer.arena)),
    memory(file('/proc/self/status')),
    descriptors(),
    versions(),
    counts(drainer),
    stalls(drainer),
    goneThreads(drainer, catalog, options),
  ];
  if (board !== undefined) all.push(workerTime(board));
  return options.system ? [...all, ...system(file), ...cgroup(file)] : all;
}
