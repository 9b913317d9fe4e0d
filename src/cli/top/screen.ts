import type { ReadStream, WriteStream } from 'node:tty';
import type { FrameSize } from './frame';

/** xterm control sequences: alternate screen, cursor and automatic wrap off; and back. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CONTROL_C = '\u0003';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** The assumed size of a terminal that does not report its size. */
const SMALLEST = { columns: 80, rows: 24 };

/** Draws on a terminal, and restores it however the process ends, unless it is killed by SIGKILL. */
export class Screen {
  private readonly ending = new AbortController();
  private readonly leave = (): void => this.close();
  private readonly end = (): void => this.ending.abort();
  private open = true;

  /** @param redraw called when the terminal's size has changed */
  constructor(
    private readonly input: ReadStream,
    private readonly output: WriteStream,
    private readonly redraw: () => void,
  ) {
    process.once('exit', this.leave);
    for (const signal of SIGNALS) process.on(signal, this.end);
    output.on('resize', redraw).write(ENTER);
    if (!input.isTTY) return;
    input.setRawMode(true);
    input.on('data', this.key).on('end', this.end).resume();
  }

  /** Aborted when the user quits. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  get size(): FrameSize {
    return { columns: this.output.columns || SMALLEST.columns, rows: this.output.rows || SMALLEST.rows };
  }

  draw(lines: readonly string[]): void {
    if (this.open) this.output.write(`${HOME}${lines.map((line) => line + CLEAR_LINE).join('\r\n')}${CLEAR_BELOW}`);
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    process.off('exit', this.leave);
    for (const signal of SIGNALS) process.off(signal, this.end);
    this.output.off('resize', this.redraw).write(LEAVE);
    if (!this.input.isTTY) return;
    this.input.off('data', this.key).off('end', this.end).pause();
    this.input.setRawMode(false);
  }

  /** In raw mode Control-C is an ordinary key, which sends no signal. */
  private readonly key = (data: Buffer): void => {
    const text = data.toString();
    if (text.includes('q') || text.includes('Q') || text.includes(CONTROL_C)) this.end();
  };
}
