import { PrometheusStorage, type PrometheusStorageOptions } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, refuses } from '../instruments/support';

const url = 'http://127.0.0.1:9091';
const make =
  (options: unknown): (() => unknown) =>
  () =>
    new PrometheusStorage(options as PrometheusStorageOptions);

test('PrometheusStorage needs exactly one of pushgateway and remoteWrite', async (t) => {
  const says = ['needs either pushgateway or remoteWrite'];
  refuses(t, make({}), 'RINGMETER_INVALID_OPTION', ...says);
  refuses(t, make(undefined), 'RINGMETER_INVALID_OPTION', ...says);
  refuses(t, make({ pushgateway: { url, job: 'a' }, remoteWrite: { url } }), 'RINGMETER_INVALID_OPTION', ...says);
  refuses(t, make('x'), 'RINGMETER_INVALID_OPTION', 'an object', '"x"');
  refuses(t, make({ pushGateway: {} }), 'RINGMETER_INVALID_OPTION', 'pushGateway');
});

test('wrong options of a Pushgateway are refused with what was expected', async (t) => {
  const push = (more: object) => make({ pushgateway: { url, job: 'a', ...more } });
  for (const bad of [
    undefined,
    '',
    7,
    'gateway:9091',
    '/metrics',
    'ftp://x',
    'http://u@x',
    'http://u:p@x',
    'http://x/#a',
  ])
    refuses(t, push({ url: bad }), 'RINGMETER_INVALID_OPTION', 'pushgateway.url must be an http or https URL');
  for (const bad of [undefined, '', 7]) refuses(t, push({ job: bad }), 'RINGMETER_INVALID_OPTION', 'pushgateway.job');
  refuses(t, push({ method: 'PATCH' }), 'RINGMETER_INVALID_OPTION', 'one of PUT, POST', 'PATCH');
  refuses(t, push({ deleteOnClose: 'yes' }), 'RINGMETER_INVALID_OPTION', 'deleteOnClose must be a boolean', 'yes');
  refuses(t, push({ group: {} }), 'RINGMETER_INVALID_OPTION', 'grouping');
  refuses(t, push({ grouping: { job: 'b' } }), 'RINGMETER_INVALID_OPTION', 'must not contain job');
  refuses(t, push({ grouping: { a: null } }), 'RINGMETER_INVALID_OPTION', 'pushgateway.grouping.a', 'null');
  refuses(t, push({ grouping: { 'a-b': 1 } }), 'RINGMETER_INVALID_LABEL_NAME', 'a-b');
  refuses(t, push({ grouping: { le: 1 } }), 'RINGMETER_RESERVED_LABEL_NAME', 'le');
});

test('wrong options of remote write are refused with what was expected', async (t) => {
  const write = (more: object) => make({ remoteWrite: { url, ...more } });
  refuses(t, write({ url: 'x' }), 'RINGMETER_INVALID_OPTION', 'remoteWrite.url', '"x"');
  for (const bad of [3, '1', null]) refuses(t, write({ version: bad }), 'RINGMETER_INVALID_OPTION', "'auto', 1 or 2");
  for (const bad of [0, 1.5, '7', 2_000_000])
    refuses(t, write({ maxSamplesPerSend: bad }), 'RINGMETER_INVALID_OPTION', 'remoteWrite.maxSamplesPerSend');
  refuses(t, write({ labels: { __name__: 'x' } }), 'RINGMETER_INVALID_LABEL_NAME', '__name__');
  refuses(t, write({ labels: [] }), 'RINGMETER_INVALID_OPTION', 'remoteWrite.labels');
  refuses(t, write({ labels: { quantile: 1 } }), 'RINGMETER_RESERVED_LABEL_NAME', 'quantile');
});

test('wrong options of HTTP are refused, and secrets are not shown', async (t) => {
  const http = (more: object) => make({ remoteWrite: { url }, ...more });
  const code = 'RINGMETER_INVALID_OPTION';
  refuses(t, http({ headers: 'a' }), code, 'headers', '"a"');
  refuses(t, http({ headers: { 'a b': 'x' } }), code, 'header "a b"', 'is not a valid header name');
  refuses(t, http({ headers: { 'Content-Length': '7' } }), code, 'header "Content-Length"', 'cannot be set');
  for (const bad of ['a\r\nb: c', '\0', '你', 7])
    refuses(t, http({ headers: { 'x-a': bad } }), code, 'header "x-a"', 'must be a string');
  refuses(t, http({ basicAuth: { username: 'a', password: 'b' }, bearerToken: 'c' }), code, 'can have only one of');
  refuses(t, http({ headers: { Authorization: 'x' }, bearerToken: 'c' }), code, 'can have only one of');
  refuses(t, http({ basicAuth: { username: 'a:b', password: 'c' } }), code, 'without a colon');
  refuses(t, http({ basicAuth: { username: 'a' } }), code, 'basicAuth.password', 'undefined');
  refuses(t, http({ basicAuth: { user: 'a' } }), code, 'username, password');
  for (const bad of ['', 'a b', 'a\nb', 7]) refuses(t, http({ bearerToken: bad }), code, 'bearerToken');
  refuses(t, http({ tls: { ca: Buffer.from('x') } }), code, 'tls.ca', 'must be a string');
  refuses(t, http({ tls: { rejectUnauthorized: 0 } }), code, 'tls.rejectUnauthorized', 'a boolean', '0');
  refuses(t, http({ tls: { cert: 'a', pfx: 'b' } }), code, 'pfx');
  for (const secret of [{ headers: { 'x-key': 'sesam\n' } }, { bearerToken: 'sesam ' }])
    try {
      http(secret)();
      t.fail('it was taken');
    } catch (error) {
      t.notMatch((error as Error).message, /sesam/);
    }
  refuses(t, make({ remoteWrite: { url: 'http://u:sesam@host/' } }), code, 'got a URL of http://host');
});

test('wrong options of the delivery are refused', async (t) => {
  refuses(t, make({ remoteWrite: { url }, interval: -1 }), 'RINGMETER_INVALID_OPTION', 'interval of remote-write');
  refuses(t, make({ pushgateway: { url, job: 'a' }, name: '' }), 'RINGMETER_INVALID_OPTION', 'name of pushgateway');
});

test('the description for the workers is complete and can be cloned', async (t) => {
  const push = new PrometheusStorage({ pushgateway: { url, job: 'a', grouping: { shard: 7 } }, name: 'gateway' });
  t.match(structuredClone(push.description), {
    kind: 'pushgateway',
    module: /pushgateway-backend/,
    options: { url: `${url}/`, job: 'a', grouping: { shard: '7' }, method: 'PUT', deleteOnClose: false },
    delivery: { name: 'gateway' },
  });
  const write = new PrometheusStorage({ remoteWrite: { url }, bearerToken: 'x', timeout: 7 });
  t.match(structuredClone(write.description), {
    kind: 'remote-write',
    keepsPrevious: true,
    options: { version: 'auto', labels: {}, maxSamplesPerSend: 5_000, http: { bearerToken: 'x' } },
    delivery: { timeout: 7 },
  });
});

test('PrometheusStorage cannot be queried', async (t) => {
  const storage = new PrometheusStorage({ remoteWrite: { url } });
  collectorFor(t, { storage });
  await t.rejects(storage.query({ name: 'a' }), { code: 'RINGMETER_INVALID_QUERY' });
});
