// not the globals: there are realms that have none, or whose timers are not node's
import { clearTimeout, setTimeout } from 'node:timers';
import { postMessageToThread, threadId } from 'node:worker_threads';
import type { ErrorCode } from './errors';
import { printableLines } from './printable';
import { onRealmEnd } from './realm';
import { shareListener } from './shared-listeners';

/** Codes of warnings about what was recorded; all others are those of errors. */
export type WarningCode =
  | ErrorCode
  | 'RINGMETER_INVALID_RECORD'
  | 'RINGMETER_DROPPED'
  | 'RINGMETER_NO_SHARD'
  | 'RINGMETER_CARDINALITY'
  | 'RINGMETER_COLLECT_FAILED'
  | 'RINGMETER_STALLED'
  | 'RINGMETER_RULE_FAILED'
  | 'RINGMETER_NOTIFICATION_FAILED';

/** A warning on its way to the thread that emits it. */
interface Warning {
  readonly ringmeter: 'warning';
  readonly code: WarningCode;
  readonly message: string;
  /** Code and subject of a warning that is given once. */
  readonly once: string | undefined;
}

/** The thread that emits the warnings of this one. */
let emitter = threadId;
/** Warnings that were given once, here or on a thread whose warnings are emitted here. */
const given = new Set<string>();
let isHearing = false;

/** The only way in which the library says something unasked. */
export function warn(code: WarningCode, message: string): void {
  send({ ringmeter: 'warning', code, message, once: undefined });
}

/**
 * Tells the user once per code and subject, of all threads that record into the collectors of this one: recording itself
 * stays silent.
 *
 * @param subject the metric and the reason, of which there must be few
 */
export function warnOnce(code: WarningCode, message: string | (() => string), subject = ''): void {
  const once = `${code} ${subject}`;
  if (given.has(once)) return;
  // the thread that emits adds it itself
  if (emitter !== threadId) given.add(once);
  send({ ringmeter: 'warning', code, message: typeof message === 'string' ? message : message(), once });
}

/** The same in an exit handler, where what `emitWarning` leaves to the next tick is never heard. */
export function warnNow(code: WarningCode, message: string): void {
  process.emit('warning', Object.assign(new Error(printableLines(message)), { name: 'RingmeterWarning', code }));
}

/** Emits the warnings of other threads on this one, which has made a collector. */
export function hearWarnings(): void {
  if (!isHearing) onRealmEnd(shareListener(process, 'workerMessage', hear));
  isHearing = true;
}

/** Lets another thread, which has made the collector, emit this thread's warnings: users listen there. */
export function warnThrough(thread: number): void {
  // a thread with collectors of its own may be listened to itself
  if (!isHearing) emitter = thread;
}

/** Warnings that the other thread has not taken yet. */
const underWay = new Set<Promise<void>>();

function send(warning: Warning): void {
  if (emitter === threadId) {
    emit(warning);
    return;
  }
  // that thread may have ended, or load another version of this library
  const sent = postMessageToThread(emitter, warning)
    .catch(() => emit(warning))
    .finally(() => underWay.delete(sent));
  underWay.add(sent);
}

/** Resolves when the warnings of this thread have been taken, or the time is up: what is under way when it ends is lost. */
export async function warningsTaken(milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([Promise.all(underWay), late]);
  clearTimeout(timer);
}

function hear(message: unknown): void {
  if ((message as Partial<Warning> | null)?.ringmeter === 'warning') send(message as Warning);
}

function emit({ code, message, once }: Warning): void {
  if (once !== undefined && emitter === threadId) {
    if (given.has(once)) return;
    given.add(once);
  }
  process.emitWarning(printableLines(message), { type: 'RingmeterWarning', code });
}
