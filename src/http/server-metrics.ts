import type { MetricsCollector } from '../collector/collector';
import type { BoundCounter, Counter } from '../instruments/counter';
import type { BoundGauge } from '../instruments/gauge';
import type { BoundHistogram, Histogram } from '../instruments/histogram';
import type { Labels } from '../instruments/labels';
import { methodName } from './methods';
import type { ServerDefinitions } from './server-definitions';

/** Status of a request whose client disconnected before the end of the response, as in nginx. */
export const ABORTED = 499;

/** Size of the cache of series. Bounded, so that unbounded routes do not fill this thread's heap. */
const MOST_KEPT = 10_000;
/** Above every status code. */
const STATUSES = 1_000;

/** The metrics of a server in one collector. */
export class ServerMetrics {
  readonly inFlight: BoundGauge;
  private readonly requests: Counter;
  private readonly errors: Counter;
  private readonly duration: Histogram;
  private readonly requestSize: Histogram;
  private readonly responseSize: Histogram;
  private readonly kept = new Map<string, Map<number, AnswerSeries>>();
  private count = 0;

  /** @throws RingmeterError RINGMETER_METRIC_CONFLICT if a name is taken, RINGMETER_OUT_OF_MEMORY */
  constructor(
    readonly collector: MetricsCollector,
    definitions: ServerDefinitions,
    private readonly byClass: boolean,
  ) {
    this.requests = definitions.requests(collector);
    this.errors = definitions.errors(collector);
    this.duration = definitions.duration(collector);
    this.requestSize = definitions.requestSize(collector);
    this.responseSize = definitions.responseSize(collector);
    this.inFlight = definitions.inFlight(collector).labels({}).countInFlight();
  }

  /** The series of an answer. @param further values of the further labels, if there are any */
  find(route: string, method: number, status: number, further: Labels | undefined): AnswerSeries {
    if (further !== undefined) return this.bind(route, method, status, further);
    const key = method * STATUSES + status;
    return this.kept.get(route)?.get(key) ?? this.keep(route, key, this.bind(route, method, status, undefined));
  }

  private keep(route: string, key: number, series: AnswerSeries): AnswerSeries {
    if (this.count >= MOST_KEPT) return series;
    this.count++;
    const known = this.kept.get(route);
    if (known === undefined) this.kept.set(route, new Map([[key, series]]));
    else known.set(key, series);
    return series;
  }

  private bind(route: string, method: number, status: number, further: Labels | undefined): AnswerSeries {
    const ofRoute = { method: methodName(method), route, ...further };
    const ofAnswer = { ...ofRoute, status: this.statusText(status) };
    return new AnswerSeries(
      this.requests.labels(ofAnswer),
      this.duration.labels(ofAnswer),
      status >= 500 ? this.errors.labels(ofRoute) : undefined,
      () => this.requestSize.labels(ofRoute),
      () => this.responseSize.labels(ofRoute),
    );
  }

  /** Aborted requests keep the status 499 even if others have classes: they were not answered. */
  private statusText(status: number): string {
    return this.byClass && status !== ABORTED ? `${Math.floor(status / 100)}xx` : String(status);
  }
}

/** The series of one kind of answer. Those of sizes are bound at the first body: few routes have bodies. */
export class AnswerSeries {
  private requestSize: BoundHistogram | undefined;
  private responseSize: BoundHistogram | undefined;

  constructor(
    private readonly requests: BoundCounter,
    private readonly duration: BoundHistogram,
    private readonly errors: BoundCounter | undefined,
    private readonly bindRequestSize: () => BoundHistogram,
    private readonly bindResponseSize: () => BoundHistogram,
  ) {}

  /** @param requestBytes and `responseBytes`: NaN where they are not known */
  record(seconds: number, requestBytes: number, responseBytes: number): void {
    this.requests.increment();
    this.duration.observe(seconds);
    this.errors?.increment();
    if (requestBytes >= 0) {
      this.requestSize ??= this.bindRequestSize();
      this.requestSize.observe(requestBytes);
    }
    if (responseBytes >= 0) {
      this.responseSize ??= this.bindResponseSize();
      this.responseSize.observe(responseBytes);
    }
  }
}
