import { createServer } from 'node:http';
import { expressMetrics, fastifyMetrics, instrumentServer, instrumentUndici, MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, refuses } from '../instruments/support';
import { listening, shownAfter } from './support';

test('wrong options throw in the call that they are given to', async (t) => {
  const define = (options: object) => () => expressMetrics(options as never);
  refuses(t, define({ colector: 1 }), 'RINGMETER_INVALID_OPTION', 'colector', 'prefix');
  refuses(t, define({ collector: {} }), 'RINGMETER_INVALID_OPTION', 'collector must be a MetricsCollector');
  refuses(t, define({ prefix: 1 }), 'RINGMETER_INVALID_OPTION', 'prefix must be a string');
  refuses(t, define({ prefix: 'my-' }), 'RINGMETER_INVALID_METRIC_NAME', 'my-http_request_duration_seconds');
  refuses(t, define({ buckets: [2, 1] }), 'RINGMETER_INVALID_BUCKETS');
  refuses(t, define({ route: '/items' }), 'RINGMETER_INVALID_OPTION', 'route must be a function');
  refuses(t, define({ ignore: '/healthz' }), 'RINGMETER_INVALID_OPTION', 'ignore must be a function');
  refuses(t, define({ ignore: [/healthz/] }), 'RINGMETER_INVALID_OPTION', 'ignore must be a string');
  refuses(t, define({ labels: ['a'] }), 'RINGMETER_INVALID_OPTION', 'labels must be an object');
  refuses(t, define({ labels: { a: 'b' } }), 'RINGMETER_INVALID_OPTION', 'labels.a must be a function');
  refuses(t, define({ labels: { route: () => 'a' } }), 'RINGMETER_INVALID_LABEL_NAME', 'route');
  refuses(t, define({ labels: { le: () => 'a' } }), 'RINGMETER_RESERVED_LABEL_NAME', 'le');
  refuses(t, define({ statusLabel: 'family' }), 'RINGMETER_INVALID_OPTION', 'statusLabel must be one of code, class');
  refuses(t, define({ sizes: 'no' }), 'RINGMETER_INVALID_OPTION', 'sizes');
  refuses(t, () => instrumentServer({} as never), 'RINGMETER_INVALID_OPTION', 'server must be a server of node:http');
  refuses(t, () => instrumentUndici({ hosts: -1 }), 'RINGMETER_INVALID_OPTION', 'hosts');
  refuses(t, () => instrumentUndici({ hosts: [1] as never }), 'RINGMETER_INVALID_OPTION', 'hosts must be a string');
  refuses(t, () => instrumentUndici({ prefix: '1' }), 'RINGMETER_INVALID_METRIC_NAME');
  fastifyMetrics({ server: createServer(), addHook: () => {} }, { prefix: '1' }, (error) => {
    t.match(error, { code: 'RINGMETER_INVALID_METRIC_NAME' });
  });
});

test('with the option collector, a name that is taken throws in that call', async (t) => {
  const collector = collectorFor(t);
  collector.gauge('http_requests_total');
  refuses(t, () => expressMetrics({ collector }), 'RINGMETER_METRIC_CONFLICT', 'http_requests_total');
  collector.gauge('http_client_requests_total');
  refuses(t, () => instrumentUndici({ collector }), 'RINGMETER_METRIC_CONFLICT', 'http_client_requests_total');
});

test('without the option collector, requests are recorded in the default collector at their time', async (t) => {
  const middleware = expressMetrics();
  const first = new MetricsCollector({ flushWorkers: 0, flushInterval: 0 });
  t.teardown(() => first.close());
  first.gauge('http_requests_total');
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const server = createServer((request, response) => middleware(request, response, () => response.end('done')));
  const url = `http://127.0.0.1:${await listening(t, server)}`;
  t.equal(await (await fetch(url)).text(), 'done', 'a request that cannot be recorded is answered');
  t.match(await warned, { code: 'RINGMETER_INVALID_RECORD', message: /http_requests_total/ });
  await first.close();
  const second = collectorFor(t);
  t.equal(await (await fetch(url)).text(), 'done');
  t.same(await shownAfter(second, 1), { 'method=GET,route=__unmatched__,status=200': 1 });
});
