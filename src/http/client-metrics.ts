import type { MetricsCollector } from '../collector/collector';
import type { BoundCounter, Counter } from '../instruments/counter';
import { type HistogramOptions, resolveDefinition } from '../instruments/definitions';
import type { BoundGauge } from '../instruments/gauge';
import type { BoundHistogram, Histogram } from '../instruments/histogram';

/** `status` of a request that got no complete response. */
const FAILED = 'error';

/** Names and descriptions of the client metrics. */
export class ClientDefinitions {
  /** @throws RingmeterError with the code that says what is wrong with a name or with the buckets */
  constructor(
    readonly prefix: string,
    private readonly buckets: readonly number[] | undefined,
  ) {
    resolveDefinition('histogram', `${prefix}http_client_request_duration_seconds`, this.duration());
  }

  duration(): Omit<HistogramOptions, 'labels'> {
    return {
      description: 'Time from making a request to the end of its response',
      unit: 'seconds',
      labelNames: ['method', 'host', 'status'],
      buckets: this.buckets,
    };
  }
}

/** The series of requests with one method, host and status. */
interface ResponseSeries {
  readonly requests: BoundCounter;
  readonly duration: BoundHistogram;
}

/** The client metrics in one collector. The caller has bounded methods, hosts and codes. */
export class ClientMetrics {
  readonly inFlight: BoundGauge;
  private readonly requests: Counter;
  private readonly errors: Counter;
  private readonly duration: Histogram;
  private readonly kept = new Map<string, Map<string, Map<string, ResponseSeries>>>();

  /** @throws RingmeterError RINGMETER_METRIC_CONFLICT if a name is taken, RINGMETER_OUT_OF_MEMORY */
  constructor(
    readonly collector: MetricsCollector,
    definitions: ClientDefinitions,
  ) {
    const name = `${definitions.prefix}http_client_request`;
    this.requests = collector.counter(`${name}s_total`, {
      description: 'Requests that ended, including failed ones, which have the status error',
      labelNames: ['method', 'host', 'status'],
    });
    this.errors = collector.counter(`${name}_errors_total`, {
      description: 'Requests that got no complete response, by the code of the error',
      labelNames: ['method', 'host', 'code'],
    });
    this.duration = collector.histogram(`${name}_duration_seconds`, definitions.duration());
    this.inFlight = collector
      .gauge(`${name}s_in_flight`, { description: 'Requests waiting for their response' })
      .labels({})
      .countInFlight();
  }

  responded(method: string, host: string, status: number, seconds: number): void {
    this.ended(method, host, String(status), seconds);
  }

  failed(method: string, host: string, code: string, seconds: number): void {
    this.ended(method, host, FAILED, seconds);
    this.errors.increment(1, { method, host, code });
  }

  private ended(method: string, host: string, status: string, seconds: number): void {
    const series = this.kept.get(host)?.get(method)?.get(status) ?? this.keep(method, host, status);
    series.requests.increment();
    series.duration.observe(seconds);
  }

  private keep(method: string, host: string, status: string): ResponseSeries {
    const labels = { method, host, status };
    const series = { requests: this.requests.labels(labels), duration: this.duration.labels(labels) };
    const ofHost = this.kept.get(host) ?? new Map<string, Map<string, ResponseSeries>>();
    this.kept.set(host, ofHost);
    const ofMethod = ofHost.get(method) ?? new Map<string, ResponseSeries>();
    ofHost.set(method, ofMethod);
    ofMethod.set(status, series);
    return series;
  }
}
