// not the globals: some realms have none, or replace node's timers
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
  /** Code and subject of a warning that is emitted only once. */
  readonly once: string | undefined;
}

/** The thread that emits the warnings of this one. */
let emitter = threadId;
/** Keys of the `once` warnings of this thread, and of threads whose warnings are emitted here. */
const given = new Set<string>();
let isHearing = false;

/** Emits a warning: the library's only unsolicited output. */
export function warn(code: WarningCode, message: string): void {
  send({ ringmeter: 'warning', code, message, once: undefined });
}

/**
 * Warns once per code and subject, over all threads that record into the collectors of this thread, since recording
 * itself reports no errors.
 *
 * @param subject the metric and the reason; must have few distinct values
 */
export function warnOnce(code: WarningCode, message: string | (() => string), subject = ''): void {
  const once = `${code} ${subject}`;
  if (given.has(once)) return;
  // the emitting thread adds the key itself
  if (emitter !== threadId) given.add(once);
  send({ ringmeter: 'warning', code, message: typeof message === 'string' ? message : message(), once });
}

/** The same synchronously, for exit handlers: `emitWarning` defers to the next tick, which never comes. */
export function warnNow(code: WarningCode, message: string): void {
  process.emit('warning', Object.assign(new Error(printableLines(message)), { name: 'RingmeterWarning', code }));
}

/** Called on the thread that has made a collector: emits the warnings of other threads here. */
export function hearWarnings(): void {
  if (!isHearing) onRealmEnd(shareListener(process, 'workerMessage', hear));
  isHearing = true;
}

/** Sends this thread's warnings to the thread that has made the collector, where users listen. */
export function warnThrough(thread: number): void {
  // users may listen on a thread with collectors of its own
  if (!isHearing) emitter = thread;
}

/** Sent warnings that the other thread has not acknowledged. */
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

/** Resolves when all sent warnings are acknowledged, or after the timeout: unacknowledged ones are lost at exit. */
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
