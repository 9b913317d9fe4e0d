import { isMainThread, workerData } from 'node:worker_threads';

/** In the data of every thread that the library starts. */
export const OWN_THREAD = { ringmeter: 'own thread' } as const;

/** Whether this is a thread that the library started, perhaps of another copy of the package. */
export function isOwnThread(): boolean {
  return !isMainThread && (workerData as Partial<typeof OWN_THREAD> | null)?.ringmeter === OWN_THREAD.ringmeter;
}
