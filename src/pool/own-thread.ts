import { isMainThread, workerData } from 'node:worker_threads';

/** A marker in the workerData of every thread that the library starts. */
export const OWN_THREAD = { ringmeter: 'own thread' } as const;

/** Whether the library, perhaps another copy of the package, has started this thread. */
export function isOwnThread(): boolean {
  return !isMainThread && (workerData as Partial<typeof OWN_THREAD> | null)?.ringmeter === OWN_THREAD.ringmeter;
}
