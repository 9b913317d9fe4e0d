import { type HttpOptions, PrometheusStorage, type RemoteWriteOptions } from 'ringmeter';
import { type Test, test } from 'tap';
import { canonical } from '../helpers/canonical';
import { collectorFor, samplesOf } from '../instruments/support';
import { makeCertificates, readCertificates } from '../net/certificates';
import { type Received, receive } from '../storages/receiver';
import { openStorage } from '../storages/support';
import { fetchProgram } from './debian';
import { needs, poll } from './engine';
import { everyInstrument } from './every-instrument';
import { Prometheus } from './servers';
import { VictoriaMetrics } from './victoria-metrics';

const accepts = '--web.remote-write-receiver.accepted-protobuf-messages=';
const ONLY_1 = [`${accepts}prometheus.WriteRequest`];
const BOTH = [...ONLY_1, `${accepts}io.prometheus.write.v2.Request`];

/** Debian's stable release has none that takes 2.0, and not every machine can get another one. */
const newer = fetchProgram('prometheus', 'prometheus', ['sid']);
const newerOptions = { skip: typeof newer === 'string' && newer };

function startNewer(t: Test, args: string[]): Promise<Prometheus> {
  if (typeof newer === 'string') throw new Error(newer);
  return Prometheus.receiver(t, { program: newer.path, args });
}

async function writer(t: Test, url: string, more: Partial<RemoteWriteOptions> = {}, http: HttpOptions = {}) {
  const collector = collectorFor(t);
  const storage = new PrometheusStorage({ remoteWrite: { url, ...more }, ...http });
  return { collector, ...(await openStorage(t, collector, storage)) };
}

interface Engine {
  what: string;
  options: { skip: string | false };
  version: RemoteWriteOptions['version'];
  start(t: Test): Promise<Prometheus | VictoriaMetrics>;
}

const ENGINES: Engine[] = [
  { what: 'Prometheus, 1.0', options: needs('prometheus'), version: 1, start: (t) => Prometheus.receiver(t) },
  { what: 'Prometheus, auto', options: needs('prometheus'), version: 'auto', start: (t) => Prometheus.receiver(t) },
  {
    what: 'VictoriaMetrics, 1.0',
    options: needs('victoria-metrics'),
    version: 1,
    start: (t) => VictoriaMetrics.start(t),
  },
  {
    what: 'VictoriaMetrics, auto',
    options: needs('victoria-metrics'),
    version: 'auto',
    start: (t) => VictoriaMetrics.start(t),
  },
  {
    what: 'Prometheus 3, 2.0',
    options: newerOptions,
    version: 2,
    start: (t) => startNewer(t, BOTH),
  },
  {
    what: 'Prometheus 3, auto',
    options: newerOptions,
    version: 'auto',
    start: (t) => startNewer(t, BOTH),
  },
  {
    what: 'Prometheus 3 that takes only 1.0, auto',
    options: newerOptions,
    version: 'auto',
    start: (t) => startNewer(t, ONLY_1),
  },
];

for (const { what, options, version, start } of ENGINES)
  test(
    `a receiver has the recorded samples, and the staleness markers of ended series (${what})`,
    options,
    async (t) => {
      const server = await start(t);
      const labels = { job: 'tests', instance: 'a' };
      const { collector, store, close } = await writer(t, server.writeUrl, { version, labels, maxSamplesPerSend: 7 });
      everyInstrument(collector);
      const { timestamp } = await store();
      const expected = await samplesOf(collector);
      const all = '{job="tests",instance="a"}';
      await poll('the samples can be seen', async () => (await server.query(all)).length === expected.size);

      const present = new Map<string, string>();
      for (const { metric, value } of await server.query(all, timestamp)) {
        const { __name__: name, job, instance, ...own } = metric;
        const pairs = Object.entries(own).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
        present.set(canonical(`${name}{${pairs}}`), value[1].replace('Inf', 'Infinity'));
      }
      for (const [line, value] of expected) t.same(Number(present.get(canonical(line))), value, line);

      await close();
      // without an end they would be shown for five minutes more
      await poll('nothing is shown any more', async () => (await server.query(all)).length === 0);
      const before = await server.query(all, timestamp);
      t.equal(before.length, expected.size, 'what was before the end is still there');
    },
  );

const HOUR = 3_600_000;
/** How much older than the newest sample, and what a receiver says, which depends on how late samples may come. */
const NEVER_TAKEN: [string, [older: number, says: RegExp][]][] = [
  [
    '0s',
    [
      [0, /400: .*duplicate sample/],
      [1_000, /400: .*out of order/],
      [5 * HOUR, /400: .*out of bounds/],
    ],
  ],
  // Prometheus 2.42 takes this one for a failure of its own
  ['1m', [[HOUR, /(400|500): .*too old sample/]]],
];

for (const [window, samples] of NEVER_TAKEN)
  test(
    `samples that are refused permanently do not stop the delivery (late by ${window})`,
    needs('prometheus'),
    async (t) => {
      const server = await Prometheus.receiver(t, { window });
      // each time by another one, as processes might that have not been told apart
      const write = async (timestamp: number, value: number): Promise<void> => {
        const { collector, backend, snapshot } = await writer(t, server.writeUrl, { version: 1 });
        collector.counter('c', { labelNames: [] }).increment(value);
        await backend.store({ ...(await snapshot()), timestamp }, { signal: AbortSignal.timeout(10_000) });
      };
      const now = Date.now();
      await write(now, 1);
      await write(now, 1);
      for (const [older, message] of samples) await t.rejects(write(now - older, 2), { message, retryable: false });
      await write(now + 1, 3);
      t.equal(await server.number('c', now + 1), 3, 'what comes afterwards is taken');
    },
  );

/** Forwards what is let in to a real server, over TLS. */
async function guard(t: Test, server: Prometheus, isAllowed: (request: Received) => boolean) {
  const paths = makeCertificates(t);
  const forward = async ({ method, headers, body }: Received): Promise<Response> =>
    fetch(server.writeUrl, {
      method,
      body: new Uint8Array(body),
      headers: Object.entries(headers).filter(([name]) => /^content-(type|encoding)|^x-prom/.test(name)) as [
        string,
        string,
      ][],
    });
  const { url } = await receive(
    t,
    async (response, request) => {
      if (!isAllowed(request)) return void response.writeHead(401).end('who are you?');
      const { status, headers } = await forward(request);
      response.writeHead(status, Object.fromEntries(headers)).end();
    },
    readCertificates(paths),
  );
  return { url, ca: paths.ca };
}

const CREDENTIALS: [string, string, HttpOptions][] = [
  [
    'basicAuth',
    `Basic ${Buffer.from('user:pass:word').toString('base64')}`,
    { basicAuth: { username: 'user', password: 'pass:word' } },
  ],
  ['bearerToken', 'Bearer to.ken', { bearerToken: 'to.ken' }],
];

for (const [scheme, authorization, http] of CREDENTIALS)
  test(
    `a receiver behind TLS and ${scheme} accepts requests with them, and none without`,
    needs('prometheus'),
    async (t) => {
      const server = await Prometheus.receiver(t);
      const { url, ca } = await guard(t, server, ({ headers }) => headers.authorization === authorization);
      const store = async (options: HttpOptions): Promise<void> => {
        const { collector, store } = await writer(t, url, {}, options);
        collector.counter('c').increment(5, { a: 1 });
        await store();
      };
      await t.rejects(store({ tls: { ca } }), { message: /answered with 401: who are you\?/, retryable: false });
      await t.rejects(store(http), { message: /certificate|issuer/i, retryable: true });
      await store({ ...http, tls: { ca } });
      await poll('the sample can be seen', async () => (await server.number('c{a="1"}')) === 5);
    },
  );
