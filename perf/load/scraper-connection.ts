import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/** What one read may bring at most: with less, a long answer would be many calls from the system into JavaScript. */
const CHUNK_BYTES = 2 ** 20;
/** A chunk with less room than this is left as it is. */
const LEAST_BYTES = 2 ** 16;
const HEAD_END = '\r\n\r\n';
const LONGEST_HEAD = 2_000;

/** An answer as it came. */
export interface Answer {
  /** By performance.now(), of the last byte. */
  endedAt: number;
  status: number;
  gzipped: boolean;
  body: Buffer;
}

/**
 * A connection that asks for one answer after the other. While one comes, nothing is done but to count its bytes: they are
 * read into memory that is kept from the answer before.
 */
export class ScraperConnection {
  /** Why no other answer will come. */
  private ended: Error | undefined;
  private readonly socket: Socket;
  private readonly chunks: Buffer[] = [];
  /** Bytes of each chunk that have been read into; and those of the last answer. */
  private filled: number[] = [0];
  private whole: readonly number[] = [];
  private current = 0;
  private received = 0;
  /** Bytes of the whole answer, once its head is there. */
  private awaited = Number.POSITIVE_INFINITY;
  private finish: ((error?: Error) => void) | undefined;

  constructor({ port, hostname }: URL) {
    const onread = { buffer: () => this.room(), callback: (bytes: number) => this.take(bytes) };
    this.socket = connect({ port: Number(port), host: hostname, noDelay: true, onread });
    this.socket.once('error', (error) => this.end(error));
    this.socket.once('close', () => this.end(new Error('the server has hung up')));
  }

  get open(): boolean {
    return this.ended === undefined;
  }

  /** @throws Error if the server hangs up, answers without a length, or takes longer */
  async ask({ host, pathname }: URL, gzip: boolean, milliseconds: number): Promise<Answer> {
    if (this.ended !== undefined) throw this.ended;
    this.received = 0;
    this.awaited = Number.POSITIVE_INFINITY;
    const late = setTimeout(() => this.end(new Error('more than a minute')), milliseconds);
    try {
      await new Promise<void>((resolve, reject) => {
        this.finish = (error) => (error === undefined ? resolve() : reject(error));
        const accepted = gzip ? 'Accept-Encoding: gzip\r\n' : '';
        this.socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n${accepted}\r\n`);
      });
    } finally {
      clearTimeout(late);
    }
    return this.answer();
  }

  close(): void {
    this.socket.destroy();
  }

  private endedAt = 0;

  private take(bytes: number): boolean {
    this.filled[this.current] += bytes;
    this.received += bytes;
    if (this.awaited === Number.POSITIVE_INFINITY) this.readHead();
    if (this.received >= this.awaited) {
      this.endedAt = performance.now();
      this.whole = this.filled;
      // the next answer is read into the memory that is asked for at once after this
      this.filled = [0];
      this.current = 0;
      this.finish?.();
    }
    return true;
  }

  private room(): Buffer {
    if (this.filled[this.current] > CHUNK_BYTES - LEAST_BYTES) this.current++;
    this.chunks[this.current] ??= Buffer.alloc(CHUNK_BYTES, 1);
    this.filled[this.current] ??= 0;
    return this.chunks[this.current].subarray(this.filled[this.current]);
  }

  private head([bytes]: readonly number[]): string {
    const text = this.chunks[0].toString('latin1', 0, Math.min(bytes, LONGEST_HEAD));
    return text.slice(0, text.indexOf(HEAD_END) + 1);
  }

  private readHead(): void {
    const head = this.head(this.filled);
    if (head === '') return;
    const [, length] = /\ncontent-length: *(\d+)/i.exec(head) ?? [];
    if (length === undefined) this.end(new Error(`an answer without a length: ${head}`));
    else this.awaited = head.length - 1 + HEAD_END.length + Number(length);
  }

  private answer(): Answer {
    const head = this.head(this.whole);
    const parts = this.whole.map((bytes, at) => this.chunks[at].subarray(0, bytes));
    return {
      endedAt: this.endedAt,
      status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
      gzipped: /\ncontent-encoding: *gzip/i.test(head),
      body: Buffer.concat(parts).subarray(head.length - 1 + HEAD_END.length),
    };
  }

  private end(error: Error): void {
    this.ended ??= error;
    this.socket.destroy();
    this.finish?.(error);
  }
}
