const warned = new Set<string>();

/** Tells the user once per thread and code, through `process.emitWarning`: recording itself stays silent. */
export function warnOnce(code: string, message: string): void {
  if (warned.has(code)) return;
  warned.add(code);
  process.emitWarning(message, { type: 'RingmeterWarning', code });
}
