import { messageOf, RingmeterError } from '../common/errors';

/** Advice for the user, by node's error code. */
const CURES = new Map(
  Object.entries({
    ERR_ACCESS_DENIED:
      'this process may not start threads: start node with --allow-worker, or make the collector with flushWorkers: 0',
    ERR_WORKER_OUT_OF_MEMORY: 'no memory for another thread: raise worker.resourceLimits, or use flushWorkers: 0',
    ERR_WORKER_INIT_FAILED:
      'the system refused another thread: raise the limit of processes (ulimit -u), or use flushWorkers: 0',
  }),
);

/** Why no thread could be started. */
export function startFailure(error: unknown): RingmeterError {
  if (error instanceof RingmeterError) return error;
  const cure = CURES.get((error as NodeJS.ErrnoException | undefined)?.code ?? '');
  const message = cure === undefined ? messageOf(error) : `${cure} (${messageOf(error)})`;
  return new RingmeterError('RINGMETER_WORKER_FAILED', message, { cause: error });
}
