import { threadId, workerData } from 'node:worker_threads';
import { Arena } from '../src/arena/arena';
import { threadOf } from '../src/arena/shard';
import { Parking } from '../src/atomics/parking';
import { toPlainError } from '../src/common/errors';
import { warnThrough } from '../src/common/warning';
import type { FlushTask, FlushTasks, FlushWorkerData, Outcome } from '../src/flush/messages';
import { ResidentLoop } from '../src/flush/resident';
import { FlushService } from '../src/flush/service';
import { perform } from '../src/flush/tasks';
import { announceTo } from '../src/pool/thread-ends';

/** A flush worker: its loop runs from here on, tasks come from the pool. */
const { arena, storages, ending, ...shared } = workerData as FlushWorkerData;
const attached = Arena.attach(arena);
const parking = new Parking(shared.parking);
// that thread may wait for a lock that this one holds when it ends
announceTo(threadOf(attached.maker));
// a last worker is started by a thread that ends
if (!ending) warnThrough(threadOf(attached.maker));
// the worker in whose place this one was started has failed
parking.waitToJoin();
const service = new FlushService(attached, storages, shared);
if (ending) void service.end();
parking.join(threadId);
new ResidentLoop(service, () => parking.parkIfAsked(threadId, () => service.drop())).start();

export default async function answer<T extends FlushTask>({
  task,
  input,
}: {
  task: T;
  input: FlushTasks[T]['input'];
}): Promise<Outcome<FlushTasks[T]['output']>> {
  try {
    return transferring({ ok: true, value: await perform(service, task, input) });
  } catch (error) {
    return { ok: false, error: toPlainError(error, 'RINGMETER_WORKER_FAILED') };
  }
}

/** Lets the bytes of an outcome change hands instead of being copied. */
function transferring<T>(outcome: Outcome<T>): Outcome<T> {
  const bytes = outcome.ok ? bytesIn(outcome.value) : undefined;
  if (bytes === undefined) return outcome;
  // what is scraped never comes here: only whoever asks for bytes pays for the whole of Piscina on this side too
  const { move, Piscina } = require('piscina') as typeof import('piscina');
  const { transferableSymbol, valueSymbol } = Piscina;
  return move({ [transferableSymbol]: bytes.buffer, [valueSymbol]: outcome } as never) as never;
}

function bytesIn(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  const body: unknown = (value as { body?: unknown } | null)?.body;
  return body instanceof Uint8Array ? body : undefined;
}
