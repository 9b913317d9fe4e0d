import type { WriteStream } from 'node:tty';

/** One line that is overwritten on a terminal; elsewhere, a line for every step. */
export class Progress {
  private readonly began = performance.now();
  private done = 0;

  /** @param total seconds that everything is expected to take */
  constructor(
    private readonly total: number,
    private readonly out: Pick<WriteStream, 'write' | 'isTTY'> = process.stderr,
  ) {}

  /** Says what is measured now. */
  show(what: string): void {
    const line = `${share(this.done, this.total)}  about ${duration(this.remaining())} left  ${what}`;
    this.out.write(this.out.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  }

  /** @param seconds that the step was expected to take */
  step(seconds: number): void {
    this.done += seconds;
  }

  end(): void {
    if (this.out.isTTY) this.out.write('\r\x1b[K');
  }

  /** Seconds; corrected by how much longer or shorter than expected it has taken so far. */
  private remaining(): number {
    const left = this.total - this.done;
    if (this.done === 0) return left;
    return left * ((performance.now() - this.began) / 1000 / this.done);
  }
}

function share(done: number, total: number): string {
  return `${Math.floor((100 * done) / total)}`.padStart(3).concat(' %');
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
