import { type WarningCode, warn } from '../warning';

const warned = new Set<string>();

/** Tells the user once per thread and code, through `process.emitWarning`: recording itself stays silent. */
export function warnOnce(code: WarningCode, message: string): void {
  if (warned.has(code)) return;
  warned.add(code);
  warn(code, message);
}
