/** What went wrong on the way to a server. */
export function describe(error: unknown): string {
  // several addresses were tried, and each has its own error
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(describe).join(', ');
  const { code, message } = error as NodeJS.ErrnoException;
  return typeof code !== 'string' || message?.includes(code) ? message || String(error) : `${message} (${code})`;
}
