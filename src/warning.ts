import type { ErrorCode } from './errors';

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

/** The only way in which the library says something unasked. */
export function warn(code: WarningCode, message: string): void {
  process.emitWarning(message, { type: 'RingmeterWarning', code });
}

const warned = new Set<WarningCode>();

/** Tells the user once per thread and code: recording itself stays silent. */
export function warnOnce(code: WarningCode, message: string | (() => string)): void {
  if (warned.has(code)) return;
  warned.add(code);
  warn(code, typeof message === 'string' ? message : message());
}

/** The same in an exit handler, where what `emitWarning` leaves to the next tick is never heard. */
export function warnNow(code: WarningCode, message: string): void {
  process.emit('warning', Object.assign(new Error(message), { name: 'RingmeterWarning', code }));
}
