import { closeSync, openSync, readSync } from 'node:fs';

/** Most bytes of one read; the longest files have one line per disk or network device. */
const MOST_BYTES = 256 * 1024;

/**
 * A file of procfs or cgroupfs, kept open: the kernel generates its text at each read from offset 0. A missing or
 * unreadable file has no text; opening it is retried at each read.
 */
export class ProcFile {
  private descriptor: number | undefined;
  private buffer = Buffer.allocUnsafe(4096);

  constructor(private readonly path: string) {}

  /** The present text; undefined if there is none. */
  read(): string | undefined {
    try {
      this.descriptor ??= openSync(this.path, 'r');
      return this.readAll(this.descriptor);
    } catch {
      this.close();
      return undefined;
    }
  }

  close(): void {
    if (this.descriptor === undefined) return;
    const { descriptor } = this;
    this.descriptor = undefined;
    closeSync(descriptor);
  }

  private readAll(descriptor: number): string {
    let length = 0;
    for (;;) {
      const count = readSync(descriptor, this.buffer, length, this.buffer.length - length, length);
      length += count;
      if (count === 0 || length >= MOST_BYTES) return this.buffer.toString('latin1', 0, length);
      if (length === this.buffer.length) this.buffer = Buffer.concat([this.buffer, Buffer.alloc(length)]);
    }
  }
}

/** The number that follows a word at the beginning of a line, as in `VmRSS:  1680 kB` or `nr_periods 12`; NaN without. */
export function numberAfter(text: string, word: string): number {
  const found = new RegExp(`^${word}:?\\s+(\\S+)`, 'm').exec(text);
  return found === null ? Number.NaN : Number.parseFloat(found[1]);
}
