import { MessageChannel, type MessagePort, postMessageToThread, threadId, type Worker } from 'node:worker_threads';
import { threadOf } from '../arena/shard';
import { onLongWait } from '../atomics/mutex';
import { onRealmEnd } from '../common/realm';
import { inRootContext } from '../common/root-context';
import { shareListener } from '../common/shared-listeners';

/**
 * Ends of threads, however they come. Of a worker thread that this thread starts, node reports the exit after the thread
 * is joined. Threads that were started before anyone watched, or by another thread than this one, announce themselves
 * with a port, whose other end closes when they end, after the last thing they do. Either way everything that the thread
 * ever stored is visible to the listener.
 *
 * Both are heard when the event loop turns. A thread that waits for a lock meanwhile, without turning it, looks whether the
 * lock's holder has ended: a message cannot be delivered to a port whose other end is closed.
 */
type Listener = (threadId: number) => void;

/** What a thread that announces itself sends. */
interface Announcement {
  readonly ringmeter: 'thread';
  readonly threadId: number;
  readonly port: MessagePort;
}

const listeners = new Set<Listener>();
/** The ports of the threads that announced themselves and have not ended, by their ids. */
const announced = new Map<number, MessagePort>();
let watching = false;

/** Calls `listener` for every thread that ends from now on, perhaps more than once. Returns how to stop that. Keeps nothing alive. */
export function onThreadEnd(listener: Listener): () => void {
  if (!watching) {
    onRealmEnd(shareListener(process, 'worker', watch));
    onRealmEnd(shareListener(process, 'workerMessage', receive));
    onLongWait((mark) => look(threadOf(mark)));
  }
  watching = true;
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function watch(worker: Worker): void {
  // an ended worker has forgotten its id
  const { threadId } = worker;
  shareListener(worker, 'exit', () => report(threadId));
}

function receive(message: unknown): void {
  const { ringmeter, threadId, port } = (message ?? {}) as Partial<Announcement>;
  if (ringmeter !== 'thread' || threadId === undefined || port === undefined) return;
  announced.set(threadId, port);
  port.once('close', () => {
    announced.delete(threadId);
    report(threadId);
  });
  port.start();
  port.unref();
}

/** Nobody reads these messages. `postMessage` returns whether there is somebody who could; its types do not say so. */
function look(threadId: number): void {
  const delivered: unknown = announced.get(threadId)?.postMessage(null);
  if (delivered === false) report(threadId);
}

function report(ended: number): void {
  for (const listener of [...listeners]) listener(ended);
}

/** Ports whose closing tells of this thread's end; held here, since what nobody holds is closed by and by. */
const held: MessagePort[] = [];
const announcedTo = new Set<number>();

/** Lets another thread know when this one ends. What is sent is on its way even if this thread ends at once. */
export function announceTo(thread: number): void {
  if (thread === threadId || announcedTo.has(thread)) return;
  announcedTo.add(thread);
  const { port1, port2 } = inRootContext(() => new MessageChannel());
  port1.unref();
  held.push(port1);
  const announcement: Announcement = { ringmeter: 'thread', threadId, port: port2 };
  // that thread may have ended, and its collector with it
  postMessageToThread(thread, announcement, [port2]).catch(() => announcedTo.delete(thread));
}
