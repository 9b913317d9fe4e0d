import { once } from 'node:events';
// not the globals: there are realms that have none, or whose timers are not node's
import { setTimeout } from 'node:timers';
import type { MessagePort } from 'node:worker_threads';
import { messageOf, RingmeterError } from '../common/errors';
import { showsOnly } from '../common/inspection';
import { checkBoolean, checkInteger, checkOptions, checkString } from '../common/options-check';
import { warn } from '../common/warning';
import type { ListenAddress, ServerSettings } from '../endpoint/server';
import { isProtected, resolveAccess, resolveTls, SECURITY_OPTIONS, type SecurityOptions } from './listen-security';

/** Where the endpoint listens, and which requests it accepts. */
export interface ListenOptions extends SecurityOptions {
  /** TCP port; 0 = any free port. Default 9464. */
  port?: number;
  /** Default 127.0.0.1: this machine only. */
  host?: string;
  /** Whether it serves the query API, and the dashboard, which needs that API. Default true. */
  api?: boolean;
}

/** Opens a server in a flush worker. Returns the port that controls the server, and its address. */
export type OpenServer = (settings: ServerSettings) => Promise<{ control: MessagePort; bound: ListenAddress }>;

const ALL_INTERFACES = "host must be a name or an address ('0.0.0.0' or '::' for those of all interfaces), got ''";

/** After its worker has died, the endpoint is reopened with exponential backoff, up to the longest delay. */
const REOPEN_DELAY_MS = 50;
const LONGEST_REOPEN_DELAY_MS = 5_000;
/** Consecutive failures after which the user is warned. */
const REOPEN_FAILURES_TOLD = 5;

/** A running scrape endpoint. */
export class Endpoint {
  private closed = false;

  /** Port to the server; undefined from the death of its worker until another worker has taken over. */
  private control: MessagePort | undefined;

  private constructor(
    private readonly openServer: OpenServer,
    private readonly settings: ServerSettings,
    private readonly siblings: Set<Endpoint>,
    control: MessagePort,
  ) {
    this.watch(control);
    siblings.add(this);
  }

  /**
   * @param siblings the set of open endpoints, to which this one is added
   * @throws RingmeterError RINGMETER_LISTEN_FAILED, RINGMETER_INVALID_OPTION
   */
  static async open(
    options: ListenOptions | undefined,
    openServer: OpenServer,
    siblings: Set<Endpoint>,
  ): Promise<Endpoint> {
    const given = checkOptions('listen options', options, ['port', 'host', 'api', ...SECURITY_OPTIONS]);
    const port = checkInteger('port', given.port, 9464, 0, 65_535);
    const host = checkString('host', given.host, '127.0.0.1');
    // node would take '' as all interfaces
    if (host === '') throw new RingmeterError('RINGMETER_INVALID_OPTION', ALL_INTERFACES);
    const access = resolveAccess(host, given);
    const tls = resolveTls(given.tls);
    const serves = { api: checkBoolean('api', given.api, true), dashboard: isProtected(host, access, tls) };
    const { control, bound } = await openServer({ address: { port, host }, access, tls, serves });
    return new Endpoint(openServer, { address: bound, access, tls, serves }, siblings, control);
  }

  get port(): number {
    return this.settings.address.port;
  }

  get host(): string {
    return this.settings.address.host;
  }

  /** The address to scrape. */
  get url(): string {
    const scheme = this.settings.tls === undefined ? 'http' : 'https';
    return `${scheme}://${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}/metrics`;
  }

  /** Stops accepting connections, and resolves when running responses have been sent. */
  async close(): Promise<void> {
    this.closed = true;
    const { control } = this;
    if (control !== undefined) {
      const ended = once(control, 'close');
      control.ref();
      control.postMessage('close');
      await ended;
    }
    this.siblings.delete(this);
  }

  private watch(control: MessagePort): void {
    this.control = control;
    control.once('close', () => {
      this.control = undefined;
      if (!this.closed) void this.reopen(0);
    });
    // a port that is not started never emits 'close' when its other end closes
    control.start();
    control.unref();
  }

  /** Called when the endpoint's worker has died: retries until another worker listens at the same address. */
  private async reopen(failures: number): Promise<void> {
    if (this.closed) return;
    try {
      const { control } = await this.openServer(this.settings);
      this.watch(control);
      if (this.closed) await this.close();
    } catch (error) {
      // the collector has been closed
      if (this.closed || (error as RingmeterError).code === 'RINGMETER_CLOSED') return;
      if (failures + 1 === REOPEN_FAILURES_TOLD)
        warn(
          'RINGMETER_LISTEN_FAILED',
          `the endpoint could not be opened again, further attempts follow: ${messageOf(error)}`,
        );
      const delay = Math.min(REOPEN_DELAY_MS * 2 ** failures, LONGEST_REOPEN_DELAY_MS);
      setTimeout(() => void this.reopen(failures + 1), delay).unref();
    }
  }
}

// without the port to the server, passwords and keys
showsOnly(Endpoint, ({ url, host, port }) => ({ url, host, port }));
