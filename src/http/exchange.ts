import type { MetricsCollector } from '../collector/collector';
import { messageOf } from '../common/errors';
import { warnOnce } from '../common/warning';
import type { Labels } from '../instruments/labels';
import { methodIndex } from './methods';
import type { AnyRequest, ResolvedHttpOptions } from './options';
import { ABORTED, type ServerMetrics } from './server-metrics';

/** Property of a request: its observer. */
const EXCHANGE = Symbol('ringmeter.exchange');

export type RouteOf = (request: AnyRequest) => string | undefined;

type Observable = AnyRequest & { [EXCHANGE]?: ObservedRequest };

/** The latest observer of a request, which links to the earlier ones. */
export const exchangeOn = (request: AnyRequest): ObservedRequest | undefined => (request as Observable)[EXCHANGE];

/** One request from its head to the end of its answer. Recorded once, at the first event that ends it. */
export class ObservedRequest {
  /** The route, as soon as it is known. */
  route: string | undefined;
  private open = true;
  private readonly began = performance.now();

  constructor(
    private readonly metrics: ServerMetrics,
    private readonly options: ResolvedHttpOptions,
    private readonly request: AnyRequest,
    private routeOf: RouteOf | undefined,
    /** The observer of the same request for metrics with other names. */
    readonly outer: ObservedRequest | undefined,
  ) {
    (request as Observable)[EXCHANGE] = this;
    // a closed collector has already subtracted the requests in flight
    if (!metrics.collector.closed) metrics.inFlight.increment();
  }

  isOf(collector: MetricsCollector, prefix: string): boolean {
    return this.metrics.collector === collector && this.options.prefix === prefix;
  }

  /** Adds a later source of the route, which takes precedence over earlier ones. */
  askAlso(routeOf: RouteOf | undefined): this {
    this.routeOf = routeOf ?? this.routeOf;
    return this;
  }

  /** @param bytes of the response's body, NaN if not known */
  answered(status: number, bytes: number): void {
    this.end(status, bytes);
    this.outer?.answered(status, bytes);
  }

  /** The connection ended before the answer did. */
  aborted(): void {
    this.end(ABORTED, Number.NaN);
    this.outer?.aborted();
  }

  private end(status: number, bytes: number): void {
    if (!this.open) return;
    this.open = false;
    const { metrics, options, request } = this;
    if (!metrics.collector.closed) metrics.inFlight.decrement();
    try {
      const seconds = (performance.now() - this.began) / 1000;
      metrics
        .find(this.routeText(), methodIndex(request.method), status, this.furtherLabels())
        .record(seconds, options.sizes ? lengthOf(request, status) : Number.NaN, options.sizes ? bytes : Number.NaN);
    } catch (error) {
      warnOnce('RINGMETER_INVALID_RECORD', `an HTTP request was not recorded: ${messageOf(error)}`, 'http');
    }
  }

  private routeText(): string {
    const { options, request } = this;
    const route = ask(options.route, request) ?? this.route ?? ask(this.routeOf, request);
    return typeof route === 'string' && route !== '' ? route : options.unmatched;
  }

  private furtherLabels(): Labels | undefined {
    const { labels } = this.options;
    if (labels.length === 0) return undefined;
    return Object.fromEntries(labels.map(([name, of]) => [name, String(ask(of, this.request) ?? '')]));
  }
}

/** Calls a user's function with the request; undefined if it throws. */
function ask<T>(of: ((request: AnyRequest) => T | undefined) | undefined, request: AnyRequest): T | undefined {
  try {
    return of?.(request);
  } catch (error) {
    warnOnce(
      'RINGMETER_INVALID_RECORD',
      `the function for a label of an HTTP request threw: ${messageOf(error)}`,
      'http labels',
    );
    return undefined;
  }
}

/** Bytes of a request's body by its head; NaN if the head has no length, or the client disconnected before the end. */
function lengthOf({ headers, complete }: AnyRequest, status: number): number {
  const length = headers['content-length'];
  if (status === ABORTED && complete === false) return Number.NaN;
  return length === undefined ? Number.NaN : Number(length);
}
