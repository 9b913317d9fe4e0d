import { parentPort, threadId, workerData } from 'node:worker_threads';
import { Arena } from '../src/arena/arena';
import { threadOf } from '../src/arena/shard';
import { Parking } from '../src/atomics/parking';
import { toPlainError } from '../src/common/errors';
import { warnThrough } from '../src/common/warning';
import type { StorageAnswer, StorageQuestion, StorageWorkerData } from '../src/flush/messages';
import { StorageResident } from '../src/flush/storage-resident';
import { announceTo } from '../src/pool/thread-ends';

/** The thread of one storage that is the user's own code. What goes wrong here ends it, and it is replaced. */
const { arena, port, parking: buffer } = workerData as StorageWorkerData;
const attached = Arena.attach(arena);
// that thread may wait for a lock that this one holds when it ends
announceTo(threadOf(attached.maker));
warnThrough(threadOf(attached.maker));
const parking = new Parking(buffer);
parking.join(threadId);
const resident = new StorageResident(attached, port, () => parking.parkIfAsked(threadId));
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
