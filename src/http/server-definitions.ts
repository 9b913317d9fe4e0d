import type { MetricsCollector } from '../collector/collector';
import { type HistogramOptions, resolveDefinition } from '../instruments/definitions';
import { exponentialBuckets } from '../kinds/buckets';

/** 100 bytes to 100 MB. */
const SIZE_BUCKETS = exponentialBuckets(100, 10, 7);

/** Names and descriptions of the server metrics. */
export class ServerDefinitions {
  private readonly ofRoute: string[];
  private readonly ofAnswer: string[];

  /** @throws RingmeterError with the code that says what is wrong with a name or with the buckets */
  constructor(
    private readonly prefix: string,
    furtherLabels: readonly string[],
    private readonly buckets: readonly number[] | undefined,
  ) {
    this.ofRoute = ['method', 'route', ...furtherLabels];
    this.ofAnswer = ['method', 'route', 'status', ...furtherLabels];
    // validated here, so that an error points to the user's options and not to the first request
    resolveDefinition('histogram', `${prefix}http_request_duration_seconds`, this.durationOptions());
  }

  requests(collector: MetricsCollector) {
    return collector.counter(`${this.prefix}http_requests_total`, {
      description: 'Requests that ended, including aborted ones, which have the status 499',
      labelNames: this.ofAnswer,
    });
  }

  errors(collector: MetricsCollector) {
    return collector.counter(`${this.prefix}http_request_errors_total`, {
      description: 'Requests that were answered with status 500 or above',
      labelNames: this.ofRoute,
    });
  }

  duration(collector: MetricsCollector) {
    return collector.histogram(`${this.prefix}http_request_duration_seconds`, this.durationOptions());
  }

  inFlight(collector: MetricsCollector) {
    return collector.gauge(`${this.prefix}http_requests_in_flight`, { description: 'Requests being answered' });
  }

  requestSize(collector: MetricsCollector) {
    return collector.histogram(
      `${this.prefix}http_request_size_bytes`,
      this.sizeOptions('Bodies of requests that declared their length'),
    );
  }

  responseSize(collector: MetricsCollector) {
    return collector.histogram(`${this.prefix}http_response_size_bytes`, this.sizeOptions('Bodies of responses'));
  }

  private durationOptions(): Omit<HistogramOptions, 'labels'> {
    const description = 'Time from the head of a request to the end of its response';
    return { description, unit: 'seconds', labelNames: this.ofAnswer, buckets: this.buckets };
  }

  private sizeOptions(description: string): Omit<HistogramOptions, 'labels'> {
    return { description, unit: 'bytes', labelNames: this.ofRoute, buckets: SIZE_BUCKETS };
  }
}
