import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import * as client from '@prometheus-io/client';
import * as promClient from 'prom-client';
import { test } from 'tap';
import { lint } from '../../dist/src/lint/lint.js';
import { decodeScrape } from '../../dist/src/scrape/decode.js';
import { HttpSource } from '../../dist/src/scrape/source.js';
import { needs } from '../engines/engine';
import { Prometheus } from '../engines/servers';

test('the output of prom-client is read, in both formats', async (t) => {
  for (const format of ['prometheus', 'openmetrics'] as const) {
    const type =
      format === 'openmetrics'
        ? promClient.Registry.OPENMETRICS_CONTENT_TYPE
        : promClient.Registry.PROMETHEUS_CONTENT_TYPE;
    const registry = new promClient.Registry<promClient.RegistryContentType>();
    registry.setContentType(type);
    const registers = [registry as promClient.Registry];
    const requests = new promClient.Counter({
      name: 'requests_total',
      help: 'Requests.',
      labelNames: ['path'],
      registers,
    });
    requests.inc({ path: 'a "quoted" \\ path\n' }, 3);
    const wait = new promClient.Histogram({
      name: 'wait_seconds',
      help: 'Wait.',
      buckets: [0.1, 1],
      registers,
      enableExemplars: format === 'openmetrics',
    });
    if (format === 'openmetrics')
      wait.observe({ value: 0.5, labels: {}, exemplarLabels: { trace_id: 'abc' } } as never);
    else wait.observe(0.5);
    new promClient.Summary({ name: 'size_bytes', help: 'Size.', registers }).observe(5);
    const { families, notes } = decodeScrape(Buffer.from(await registry.metrics()), registry.contentType);
    t.same(notes, [], format);
    const named = Object.fromEntries(families.map((family) => [family.name, family]));
    const counter = named[format === 'openmetrics' ? 'requests' : 'requests_total'];
    t.equal(counter.type, 'counter');
    t.same(
      counter.samples.map(({ name, labels, value }) => [name, labels, value]),
      [['requests_total', [['path', 'a "quoted" \\ path\n']], 3]],
    );
    t.same(
      named.wait_seconds.samples.map(({ value }) => value),
      [0, 1, 1, 0.5, 1],
    );
    t.equal(
      named.wait_seconds.samples.some(({ exemplar }) => exemplar?.labels[0]?.[1] === 'abc'),
      format === 'openmetrics',
    );
    t.equal(named.size_bytes.type, 'summary');
  }
});

test("the output of prom-client's successor is read", async (t) => {
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  t.teardown(() => registry.clear());
  const { families, notes } = decodeScrape(Buffer.from(await registry.metrics()), registry.contentType);
  t.same(notes, []);
  t.ok(families.some(({ name, type }) => name === 'nodejs_gc_duration_seconds' && type === 'histogram'));
  t.ok(families.every(({ type, help }) => type !== 'untyped' && help));
});

test("the output of OpenTelemetry's exporter is read", async (t) => {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  t.teardown(() => provider.shutdown());
  const meter = provider.getMeter('test');
  meter.createCounter('requests', { description: 'Requests.' }).add(2, { 'http.route': '/a"b' });
  meter
    .createHistogram('wait', { description: 'Wait.', unit: 's', advice: { explicitBucketBoundaries: [1] } })
    .record(0.5);
  const { resourceMetrics } = await reader.collect();
  const { families, notes } = decodeScrape(Buffer.from(new PrometheusSerializer().serialize(resourceMetrics)));
  t.same(notes, []);
  const requests = families.find(({ name }) => name === 'requests_total');
  t.match(requests?.samples[0], { value: 2 });
  t.match(requests?.samples[0].labels.find(([, value]) => value === '/a"b')?.[0], /route/);
  t.ok(families.some(({ type, samples }) => type === 'histogram' && samples.length === 4));
  t.same(
    lint({ families, notes, format: 'prometheus' }).filter(({ severity }) => severity === 'error'),
    [],
  );
});

test('the metrics of Prometheus itself are read', needs('prometheus'), async (t) => {
  const prometheus = await Prometheus.start(t, {});
  const source = new HttpSource(new URL(`${prometheus.base}/`), { headers: {}, timeout: 10_000 });
  t.teardown(() => source.close());
  t.equal(source.name, `${prometheus.base}/metrics`);
  const scrape = await source.scrape();
  t.same(scrape.notes, []);
  t.ok(scrape.families.length > 100, String(scrape.families.length));
  t.ok(scrape.families.every(({ type, help }) => type !== 'untyped' && help));
  t.same(
    lint(scrape).filter(({ severity }) => severity !== 'advice'),
    [],
  );
});
