import { parentPort, workerData } from 'node:worker_threads';
import { Arena } from '../src/arena/arena';
import { toPlainError } from '../src/errors';
import type { StorageAnswer, StorageQuestion, StorageWorkerData } from '../src/flush/messages';
import { StorageResident } from '../src/flush/storage-resident';

/** The thread of one storage that is the user's own code. */
const { arena, port } = workerData as StorageWorkerData;
const resident = new StorageResident(Arena.attach(arena), port);
void resident.run();

parentPort!.on('message', async ({ id, query }: StorageQuestion) => {
  const outcome: StorageAnswer['outcome'] = await resident.query(query).then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error: toPlainError(error, 'RINGMETER_STORAGE_FAILED') }),
  );
  parentPort!.postMessage({ id, outcome } satisfies StorageAnswer);
});
