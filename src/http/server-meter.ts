import type { Socket } from 'node:net';
import type { MetricsCollector } from '../collector/collector';
import { getMetricsCollector } from '../collector/default-collector';
import { messageOf } from '../common/errors';
import { warnOnce } from '../common/warning';
import { exchangeOn, ObservedRequest, type RouteOf } from './exchange';
import type { AnyRequest, ResolvedHttpOptions } from './options';
import { ServerMetrics } from './server-metrics';
import { watchHandover } from './watch-handover';
import { type AnyResponse, isOver, watchResponse } from './watch-response';

/**
 * Observes requests for one instrumentation. A request that several instrumentations with the same metric names observe
 * is counted once; the last one determines the route. Never throws.
 */
export class ServerMeter {
  private metrics: ServerMetrics | undefined;

  /** @throws RingmeterError RINGMETER_METRIC_CONFLICT if a collector was given, and a name is taken there */
  constructor(private readonly options: ResolvedHttpOptions) {
    if (options.collector !== undefined) this.metrics = this.metricsOn(options.collector);
  }

  /**
   * Observes a request that is answered by a response.
   *
   * @param routeOf asked for the route when the request ends
   * @returns the observer; undefined if the request is ignored
   */
  observe(request: AnyRequest, response: AnyResponse, routeOf?: RouteOf): ObservedRequest | undefined {
    const watched = exchangeOn(request) !== undefined;
    if (!watched && isOver(response)) return undefined;
    const exchange = this.begin(request, routeOf);
    if (!watched && exchange !== undefined) watchResponse(request, response);
    return exchange;
  }

  /** Observes a request that takes over the connection: an upgrade, or CONNECT. */
  observeHandover(request: AnyRequest, socket: Socket): void {
    const watched = exchangeOn(request) !== undefined;
    if (this.begin(request) !== undefined && !watched) watchHandover(request, socket);
  }

  private begin(request: AnyRequest, routeOf?: RouteOf): ObservedRequest | undefined {
    try {
      const collector = this.options.collector ?? getMetricsCollector();
      const latest = exchangeOn(request);
      const known = find(latest, collector, this.options.prefix);
      if (known !== undefined) return known.askAlso(routeOf);
      if (this.options.ignores(request)) return undefined;
      if (this.metrics?.collector !== collector) this.metrics = this.metricsOn(collector);
      return new ObservedRequest(this.metrics, this.options, request, routeOf, latest);
    } catch (error) {
      warnOnce('RINGMETER_INVALID_RECORD', `an HTTP request was not recorded: ${messageOf(error)}`, 'http');
      return undefined;
    }
  }

  private metricsOn(collector: MetricsCollector): ServerMetrics {
    return new ServerMetrics(collector, this.options.definitions, this.options.byClass);
  }
}

function find(
  latest: ObservedRequest | undefined,
  collector: MetricsCollector,
  prefix: string,
): ObservedRequest | undefined {
  for (let exchange = latest; exchange !== undefined; exchange = exchange.outer)
    if (exchange.isOf(collector, prefix)) return exchange;
  return undefined;
}
