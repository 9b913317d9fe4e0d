import { gunzipSync } from 'node:zlib';
import { PrometheusStorage, type PushgatewayOptions } from 'ringmeter';
import { type Test, test } from 'tap';
import { groupUrl } from '../../dist/src/storages/pushgateway/pushgateway-backend.js';
import { collectorFor, parseExposition, textOf } from '../instruments/support';
import { type Answer, receive, status } from './receiver';
import { openStorage } from './support';

async function gateway(t: Test, answer: Answer, options: Partial<PushgatewayOptions> = {}) {
  const { url, requests } = await receive(t, answer);
  const collector = collectorFor(t, { defaultLabels: { service: 'a' } });
  const storage = new PrometheusStorage({ pushgateway: { url, job: 'tests', ...options } });
  const opened = await openStorage(t, collector, storage);
  return { url, requests, collector, ...opened };
}

function path(job: string, grouping: Record<string, string>, url = 'http://h:1'): string {
  const group = groupUrl({ url, job, grouping, method: 'PUT', deleteOnClose: false, http: {} });
  return group.replace('http://h:1', '');
}

test('groups are addressed with plain values, and with base64 for values that a path cannot contain', async (t) => {
  t.equal(path('a', {}), '/metrics/job/a');
  t.equal(path('a', {}, 'http://h:1/gate/way/'), '/gate/way/metrics/job/a');
  t.equal(path('a', {}, 'http://h:1/?tenant=1'), '/metrics/job/a?tenant=1');
  t.equal(path('a-b_c', { x: '1', y: 'two' }), '/metrics/job/a-b_c/x/1/y/two');
  // the README's own examples
  t.equal(path('directory_cleaner', { path: '/var/tmp' }), '/metrics/job/directory_cleaner/path@base64/L3Zhci90bXA');
  t.equal(path('titan', { name: 'Προμηθεύς' }), '/metrics/job/titan/name@base64/zqDPgc6_zrzOt864zrXPjc-C');
  t.equal(
    path('example', { first_label: '', second_label: 'foobar' }),
    '/metrics/job/example/first_label@base64/=/second_label/foobar',
  );
  t.equal(path('/', { a: ' ' }), '/metrics/job@base64/Lw/a@base64/IA');
  for (const dots of ['.', '..', '%2e%2e']) t.notMatch(path('a', { dots }), /\.|%/, dots);
});

test('a push sends the compressed exposition to the group', async (t) => {
  for (const method of ['PUT', 'POST'] as const) {
    const { requests, collector, store } = await gateway(t, status(200), { method, grouping: { instance: 'a/b' } });
    collector.counter('c', { description: 'Counts' }).increment(3, { user: 'ü' });
    collector.histogram('h', { buckets: [1, 2] }).observe(1.5);
    collector.gauge('untouched');
    await store();
    t.match(requests, [
      {
        method,
        path: '/metrics/job/tests/instance@base64/YS9i',
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'content-encoding': 'gzip' },
      },
    ]);
    const text = gunzipSync(requests[0].body).toString();
    t.equal(text, await textOf(collector));
    t.equal(parseExposition(text).get('c{service="a",user="ü"}'), 3, 'and has no timestamps');
  }
});

test('a group is deleted on closing with deleteOnClose, and only then', async (t) => {
  for (const deleteOnClose of [false, true]) {
    const { requests, store, close } = await gateway(t, status(202), { deleteOnClose });
    await store();
    await close();
    t.same(
      requests.map(({ method }) => method),
      deleteOnClose ? ['PUT', 'DELETE'] : ['PUT'],
    );
    t.equal(new Set(requests.map((request) => request.path)).size, 1);
  }
});

test('a snapshot that was not accepted is pushed again unchanged', async (t) => {
  const { requests, collector, backend, snapshot, store } = await gateway(
    t,
    (response, _, count) => void response.writeHead(count === 1 ? 503 : 200, { 'retry-after': '3' }).end('busy'),
  );
  const counter = collector.counter('c');
  counter.increment(1);
  const first = await snapshot();
  const attempt = { signal: AbortSignal.timeout(10_000) };
  await t.rejects(backend.store(first, attempt) as Promise<void>, {
    code: 'RINGMETER_STORAGE_FAILED',
    message: /^PUT .*\/metrics\/job\/tests was answered with 503: busy$/,
    retryable: true,
    retryAfter: 3_000,
  });
  counter.increment(1);
  await backend.store(first, attempt);
  await store();
  const values = requests.map(({ body }) => parseExposition(gunzipSync(body).toString()).get('c{service="a"}'));
  t.same(values, [1, 1, 2]);
});

test('a push that the gateway refuses as invalid is not retried', async (t) => {
  const { store } = await gateway(t, status(400, 'pushed metrics are invalid or inconsistent'));
  await t.rejects(store(), { message: /answered with 400: pushed metrics are invalid/, retryable: false });
});

test('closing without a gateway fails and does not hang', async (t) => {
  const { close, store } = await gateway(t, () => {}, { deleteOnClose: true });
  await t.rejects(store(AbortSignal.timeout(100)), { message: /^PUT .* failed/, retryable: true });
  await t.rejects(close(AbortSignal.timeout(100)), { retryable: true, message: /^DELETE / });
});
