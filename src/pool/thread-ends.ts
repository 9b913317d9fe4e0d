import { MessageChannel, type MessagePort, postMessageToThread, threadId, type Worker } from 'node:worker_threads';
import { threadOf } from '../arena/shard';
import { onLongWait } from '../atomics/mutex';
import { onRealmEnd } from '../common/realm';
import { inRootContext } from '../common/root-context';
import { shareListener } from '../common/shared-listeners';

/**
 * Reports the ends of threads, whatever the reason. For a worker that this thread starts, node emits 'exit' after it
 * has joined the thread. A thread that was started earlier, or by another thread, announces itself with a port, whose
 * other end closes after the last action of that thread. Either way, all stores of the thread are visible to the
 * listener.
 *
 * Both events need a turn of the event loop. If this thread blocks, waiting for a lock, it checks itself whether the
 * lock's holder has ended: a message cannot be delivered to a port whose other end is closed.
 */
type Listener = (threadId: number) => void;

/** The message by which a thread announces itself. */
interface Announcement {
  readonly ringmeter: 'thread';
  readonly threadId: number;
  readonly port: MessagePort;
}

const listeners = new Set<Listener>();
/** The ports of the threads that announced themselves and have not ended, by their ids. */
const announced = new Map<number, MessagePort>();
let watching = false;

/** Calls `listener` at least once for each thread that ends. Returns an unsubscribe function. Keeps nothing alive. */
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
  // read now: the `threadId` of an ended worker is -1
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

/** Probes a thread with a message that nobody reads: `postMessage` returns false (untyped) if its port is closed. */
function look(threadId: number): void {
  const delivered: unknown = announced.get(threadId)?.postMessage(null);
  if (delivered === false) report(threadId);
}

function report(ended: number): void {
  for (const listener of [...listeners]) listener(ended);
}

/** Ports whose close reports this thread's end; referenced here, since a port that is garbage-collected is closed. */
const held: MessagePort[] = [];
const announcedTo = new Set<number>();

/** Announces this thread to another one, which is then told when this one ends, even if it ends immediately. */
export function announceTo(thread: number): void {
  if (thread === threadId || announcedTo.has(thread)) return;
  announcedTo.add(thread);
  const { port1, port2 } = inRootContext(() => new MessageChannel());
  port1.unref();
  held.push(port1);
  const announcement: Announcement = { ringmeter: 'thread', threadId, port: port2 };
  // rejected if that thread has ended, and with it its collector
  postMessageToThread(thread, announcement, [port2]).catch(() => announcedTo.delete(thread));
}
