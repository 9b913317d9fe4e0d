import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { MetricsCollector } from '../collector/collector';
import { getMetricsCollector } from '../collector/default-collector';
import { messageOf } from '../common/errors';
import { warnOnce } from '../common/warning';
import { BoundedLabel } from './bounded-label';
import { type ClientDefinitions, ClientMetrics } from './client-metrics';
import { methodIndex, methodName } from './methods';

/** A request of undici, of node's own or of the package. */
interface UndiciRequest {
  readonly method: string;
  readonly origin?: string | URL;
  /** The header of that name, if there is one. */
  readonly host?: unknown;
  /** The requested protocol of an upgrade. */
  readonly upgrade?: unknown;
  /** Called when the request takes over the connection: after an upgrade, or CONNECT. */
  onUpgrade?(status: number, ...more: unknown[]): unknown;
}

interface UndiciMessage {
  readonly request: UndiciRequest;
  readonly response?: { readonly statusCode: number };
  readonly error?: unknown;
}

/** The state of a request in flight. */
interface Call {
  readonly metrics: ClientMetrics;
  readonly began: number;
  status: number;
}

/** Bound of distinct error codes; more than a client normally sees. */
const MOST_CODES = 64;
/** An IP address, with a port or without. */
const ADDRESS = /^(\d+\.\d+\.\d+\.\d+|\[[\da-fA-F:.]+\])(:\d+)?\/?$/;
/** Names that may become label values; the reason of an abort can be any text. */
const NAMED = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** Subscribes to undici's diagnostics channels and records its requests. */
export class UndiciMeter {
  private readonly codes = new BoundedLabel(MOST_CODES);
  private readonly calls = new WeakMap<UndiciRequest, Call>();
  private metrics: ClientMetrics | undefined;
  private going = 0;
  private stopped = false;

  /** @throws RingmeterError RINGMETER_METRIC_CONFLICT if a collector was given, and a name is taken there */
  constructor(
    private readonly collector: MetricsCollector | undefined,
    private readonly definitions: ClientDefinitions,
    private readonly hosts: BoundedLabel,
  ) {
    if (this.collector !== undefined) this.metrics = new ClientMetrics(this.collector, this.definitions);
    subscribe('undici:request:create', this.created);
    subscribe('undici:request:headers', this.responding);
    subscribe('undici:request:trailers', this.responded);
    subscribe('undici:request:error', this.failed);
  }

  stop(): void {
    this.stopped = true;
    unsubscribe('undici:request:create', this.created);
    if (this.going === 0) this.unsubscribeEnds();
  }

  private unsubscribeEnds(): void {
    unsubscribe('undici:request:headers', this.responding);
    unsubscribe('undici:request:trailers', this.responded);
    unsubscribe('undici:request:error', this.failed);
  }

  private readonly created = (message: unknown): void => {
    const metrics = this.present();
    if (metrics === undefined) return;
    // a closed collector has already subtracted the requests in flight
    if (!metrics.collector.closed) metrics.inFlight.increment();
    this.going++;
    const { request } = message as UndiciMessage;
    this.calls.set(request, { metrics, began: performance.now(), status: 0 });
    this.watchHandover(request);
  };

  /** Up to version 6, undici publishes no end of requests that take over the connection, as WebSockets do. */
  private watchHandover(request: UndiciRequest): void {
    const { onUpgrade } = request;
    if (onUpgrade === undefined || !isHandover(request)) return;
    request.onUpgrade = (status, ...more) => {
      this.end(request, ({ metrics }, seconds) => {
        metrics.responded(methodOf(request), this.hostOf(request), status, seconds);
      });
      return onUpgrade.call(request, status, ...more);
    };
  }

  private readonly responding = (message: unknown): void => {
    const { request, response } = message as UndiciMessage;
    const call = this.calls.get(request);
    if (call !== undefined) call.status = response?.statusCode ?? 0;
  };

  private readonly responded = (message: unknown): void => {
    const { request } = message as UndiciMessage;
    this.end(request, ({ metrics, status }, seconds) => {
      metrics.responded(methodOf(request), this.hostOf(request), status, seconds);
    });
  };

  private readonly failed = (message: unknown): void => {
    const { request, error } = message as UndiciMessage;
    this.end(request, ({ metrics }, seconds) => {
      metrics.failed(methodOf(request), this.hostOf(request), this.codes.of(codeOf(error)), seconds);
    });
  };

  private end(request: UndiciRequest, record: (call: Call, seconds: number) => void): void {
    const call = this.calls.get(request);
    if (call === undefined) return;
    this.calls.delete(request);
    this.going--;
    if (!call.metrics.collector.closed) call.metrics.inFlight.decrement();
    record(call, (performance.now() - call.began) / 1000);
    if (this.stopped && this.going === 0) this.unsubscribeEnds();
  }

  private hostOf({ origin = '', host }: UndiciRequest): string {
    const text = String(origin).replace(/^[a-z]+:\/\//, '');
    // undici's dns interceptor replaces the host by the address, and keeps the name in the header
    return this.hosts.of(typeof host === 'string' && host !== '' && ADDRESS.test(text) ? host : text);
  }

  private present(): ClientMetrics | undefined {
    try {
      const collector = this.collector ?? getMetricsCollector();
      if (this.metrics?.collector !== collector) this.metrics = new ClientMetrics(collector, this.definitions);
      return this.metrics;
    } catch (error) {
      warnOnce('RINGMETER_INVALID_RECORD', `requests of undici are not recorded: ${messageOf(error)}`, 'undici');
      return undefined;
    }
  }
}

const isHandover = ({ method, upgrade }: UndiciRequest): boolean => method === 'CONNECT' || Boolean(upgrade);

const methodOf = ({ method }: UndiciRequest): string => methodName(methodIndex(method));

/** The code of an error, or its name: `ECONNREFUSED`, `UND_ERR_SOCKET`, `AbortError`. */
function codeOf(error: unknown): string {
  const { code, name } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    name?: unknown;
  };
  const text = typeof code === 'string' ? code : name;
  return typeof text === 'string' && NAMED.test(text) ? text : 'Error';
}
