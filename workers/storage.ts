import { parentPort, workerData } from 'node:worker_threads';
import { Arena } from '../src/arena/arena';
import { threadOf } from '../src/arena/shard';
import { toPlainError } from '../src/errors';
import type { StorageAnswer, StorageQuestion, StorageWorkerData } from '../src/flush/messages';
import { StorageResident } from '../src/flush/storage-resident';
import { warnThrough } from '../src/warning';

/** The thread of one storage that is the user's own code. What goes wrong here ends it, and it is replaced. */
const { arena, port } = workerData as StorageWorkerData;
const attached = Arena.attach(arena);
warnThrough(threadOf(attached.maker));
const resident = new StorageResident(attached, port);
void resident.run();

parentPort!.on('message', async ({ id, query }: StorageQuestion) => {
  const answer = (outcome: StorageAnswer['outcome']): void =>
    parentPort!.postMessage({ id, outcome } satisfies StorageAnswer);
  try {
    answer({ ok: true, value: await resident.query(query) });
  } catch (error) {
    answer({ ok: false, error: toPlainError(error, 'RINGMETER_STORAGE_FAILED') });
  }
});
