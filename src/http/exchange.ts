import type { MetricsCollector } from '../collector/collector';
import { messageOf } from '../common/errors';
import { warnOnce } from '../common/warning';
import type { Labels } from '../instruments/labels';
import { methodIndex } from './methods';
import type { AnyRequest, ResolvedHttpOptions } from './options';
import { ABORTED, type ServerMetrics } from './server-metrics';

/** On a request: what observes it. */
const EXCHANGE = Symbol('ringmeter.exchange');

export type RouteOf = (request: AnyRequest) => string | undefined;

type Observable = AnyRequest & { [EXCHANGE]?: ObservedRequest };

/** What observes a request; the one that came last, which leads to the others. */
export const exchangeOn = (request: AnyRequest): ObservedRequest | undefined => (request as Observable)[EXCHANGE];

/** One request from its head to the end of its answer. Recorded once, by whichever end is told first. */
export class ObservedRequest {
  /** The route, as soon as somebody knows. */
  route: string | undefined;
  private open = true;
  private readonly began = performance.now();

  constructor(
    private readonly metrics: ServerMetrics,
    private readonly options: ResolvedHttpOptions,
    private readonly request: AnyRequest,
    private routeOf: RouteOf | undefined,
    /** What observes the same request under other names. */
    readonly outer: ObservedRequest | undefined,
  ) {
    (request as Observable)[EXCHANGE] = this;
    // a collector that was closed has taken off what was in flight
    if (!metrics.collector.closed) metrics.inFlight.increment();
  }

  isOf(collector: MetricsCollector, prefix: string): boolean {
    return this.metrics.collector === collector && this.options.prefix === prefix;
  }

  /** Lets one who comes later, and knows the routes better, say them. */
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
      warnOnce('RINGMETER_INVALID_RECORD', `an HTTP request is not recorded: ${messageOf(error)}`, 'http');
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

/** What a user's function says of a request; undefined if it throws. */
function ask<T>(of: ((request: AnyRequest) => T | undefined) | undefined, request: AnyRequest): T | undefined {
  try {
    return of?.(request);
  } catch (error) {
    warnOnce('RINGMETER_INVALID_RECORD', `a label of an HTTP request threw: ${messageOf(error)}`, 'http labels');
    return undefined;
  }
}

/** Bytes of a request's body as its head says; NaN if it does not, or if the client went away before it had sent them. */
function lengthOf({ headers, complete }: AnyRequest, status: number): number {
  const length = headers['content-length'];
  if (status === ABORTED && complete === false) return Number.NaN;
  return length === undefined ? Number.NaN : Number(length);
}
