import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import type { ListenAddress } from '../endpoint/server';
import { checkInteger, checkOptions, checkString } from '../options-check';

/** Where the scrape endpoint listens. */
export interface ListenOptions {
  /** 0 = a free one. Default 9464. */
  port?: number;
  /** Default 127.0.0.1: this machine only. */
  host?: string;
}

/** How an endpoint is opened: the line to it, and where it listens. */
export type OpenServer = (address: ListenAddress) => Promise<{ control: MessagePort; bound: ListenAddress }>;

/** Attempts to open the endpoint again after its worker died; the replacement may take a moment to start. */
const REOPEN_TRIES = 5;
const REOPEN_DELAY_MS = 50;

/** A running scrape endpoint. */
export class Endpoint {
  private closed = false;

  private constructor(
    private readonly openServer: OpenServer,
    private readonly bound: ListenAddress,
    private control: MessagePort,
  ) {
    this.watch(control);
  }

  /** @throws RingmeterError RINGMETER_LISTEN_FAILED, RINGMETER_INVALID_OPTION */
  static async open(options: ListenOptions | undefined, openServer: OpenServer): Promise<Endpoint> {
    const given = checkOptions('listen options', options, ['port', 'host']);
    const port = checkInteger('port', given.port, 9464, 0, 65_535);
    const { control, bound } = await openServer({ port, host: checkString('host', given.host, '127.0.0.1') });
    return new Endpoint(openServer, bound, control);
  }

  get port(): number {
    return this.bound.port;
  }

  get host(): string {
    return this.bound.host;
  }

  /** The address to scrape. */
  get url(): string {
    return `http://${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}/metrics`;
  }

  /** Stops accepting, lets running answers finish. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const ended = once(this.control, 'close');
    this.control.ref();
    this.control.postMessage('close');
    await ended;
  }

  private watch(control: MessagePort): void {
    control.once('close', () => {
      if (!this.closed) void this.reopen(REOPEN_TRIES);
    });
    // a port that is not started never hears of its other end's close
    control.start();
    control.unref();
  }

  /** The worker that had the endpoint has died: another one takes the same address. */
  private async reopen(tries: number): Promise<void> {
    try {
      const { control } = await this.openServer(this.bound);
      this.control = control;
      this.watch(control);
    } catch (error) {
      if (this.closed) return;
      if (tries > 1) {
        setTimeout(() => void this.reopen(tries - 1), REOPEN_DELAY_MS).unref();
        return;
      }
      process.emitWarning(
        `the scrape endpoint could not be opened again: ${error instanceof Error ? error.message : error}`,
        {
          type: 'RingmeterWarning',
          code: 'RINGMETER_LISTEN_FAILED',
        },
      );
    }
  }
}
