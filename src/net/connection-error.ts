/** Describes the error of a connection to a server. */
export function describe(error: unknown): string {
  // several addresses were tried, and each failed with an error of its own
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(describe).join(', ');
  const { code, message } = error as NodeJS.ErrnoException;
  return typeof code !== 'string' || message?.includes(code) ? message || String(error) : `${message} (${code})`;
}
