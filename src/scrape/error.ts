import { RingmeterError } from '../common/errors';

/** An exposition could not be fetched, or could not be parsed; then the error has line and column. */
export class ScrapeError extends RingmeterError {
  /** From 1; undefined if there was nothing to read. */
  readonly line: number | undefined;
  /** UTF-16 units from 1. */
  readonly column: number | undefined;

  constructor(message: string, { line, column, cause }: { line?: number; column?: number; cause?: unknown } = {}) {
    super('RINGMETER_SCRAPE_FAILED', line === undefined ? message : `line ${line}, column ${column}: ${message}`, {
      cause,
    });
    this.line = line;
    this.column = column;
  }
}
