import { MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';

type Record = (collector: MetricsCollector) => void;

/** Where a collector's dashboard says that its numbers come from. */
async function sources(t: Test, record: Record, dashboard = {}) {
  const collector = new MetricsCollector({ maxMemory: 16 * 2 ** 20, flushInterval: 0, flushWorkers: 0, dashboard });
  t.teardown(() => collector.close());
  record(collector);
  return (await collector.dashboard()).application.sources;
}

test('the metrics of the HTTP instrumentation are found', async (t) => {
  const record: Record = (collector) => {
    collector.counter('zzz_requests_total').increment();
    collector
      .counter('http_requests_total', { labelNames: ['method', 'status'] })
      .increment(1, { method: 'GET', status: 200 });
    collector.histogram('http_client_request_duration_seconds').observe(1);
    collector.histogram('job_duration_seconds').observe(1);
    collector.histogram('http_request_duration_seconds').observe(1);
  };
  t.same(await sources(t, record), {
    requests: 'sum(rate(http_requests_total[$window]))',
    errors: 'sum(rate(http_requests_total{status=~"5.."}[$window])) or sum(rate(http_requests_total[$window])) * 0',
    latency: 'http_request_duration_seconds',
  });
});

test('metrics with other names are found by patterns, and a histogram counts requests, too', async (t) => {
  const record: Record = (collector) => {
    collector.histogram('nodejs_gc_duration_seconds').observe(1);
    collector
      .histogram('shop_http_request_duration_seconds', { labelNames: ['status_code'] })
      .observe(1, { status_code: 200 });
  };
  t.match(await sources(t, record), {
    requests: 'sum(rate(shop_http_request_duration_seconds_count[$window]))',
    errors: /shop_http_request_duration_seconds_count\{status_code=~"5\.\."\}/,
    latency: 'shop_http_request_duration_seconds',
  });
  const free: Record = (collector) => {
    collector.counter('requests_total').increment(1, { path: '/' });
    collector.counter('request_errors_total').increment();
    collector.histogram('handler_time_seconds').observe(1);
  };
  t.same(await sources(t, free), {
    requests: 'sum(rate(requests_total[$window]))',
    errors: 'sum(rate(request_errors_total[$window]))',
    latency: 'handler_time_seconds',
  });
});

test('the options decide what is shown', async (t) => {
  const record: Record = (collector) => {
    collector.counter('http_requests_total').increment();
    collector.histogram('http_request_duration_seconds').observe(1);
  };
  const options = {
    requests: 'sum(rate(calls_total[$window]))',
    errors: 'sum(rate(bad_total[$window]))',
    latency: 'call_seconds',
  };
  t.same(await sources(t, record, options), options);
});

test('where nothing looks like requests, nothing is shown', async (t) => {
  t.same(await sources(t, (collector) => collector.counter('apples_total').increment()), {
    requests: null,
    errors: null,
    latency: null,
  });
});
