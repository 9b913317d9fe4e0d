import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import type { StorageFailure } from '../../../dist/src/common/storage-failure.js';
import type { OtlpBackend } from '../../../dist/src/storages/otlp/otlp-backend.js';
import { collectorFor, until } from '../../instruments/support';
import { backendOf, cut, labelsOf, NEVER, partialSuccess, Receiver, snapshotsOf, status } from './support';

const ENCODINGS = ['protobuf', 'json'] as const;

/** A snapshot of one counter with some series `n`, from 1 on. */
async function snapshotOf(t: Test, series = 1) {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  for (let n = 1; n <= series; n++) counter.increment(n, { n });
  return snapshotsOf(collector)();
}

let moment = Date.now();

/** The same values a little later: another snapshot. */
const later = <T extends object>(snapshot: T): T => ({ ...snapshot, timestamp: ++moment });

async function failure(storing: Promise<void>): Promise<StorageFailure> {
  try {
    await storing;
  } catch (error) {
    return error as StorageFailure;
  }
  throw new Error('it was stored');
}

/** The label `n` of each point, request by request. */
const requests = (received: Receiver['received']): string[] =>
  received.map(({ metrics }) =>
    metrics.flatMap(({ sum }) => sum!.dataPoints.map((point) => labelsOf(point).n)).join(' '),
  );

async function warningsOf(action: () => Promise<void>): Promise<Error[]> {
  const warnings: Error[] = [];
  const listen = (warning: Error): void => {
    warnings.push(warning);
  };
  // those of the tests need not be printed
  const others = process.rawListeners('warning') as ((warning: Error) => void)[];
  process.removeAllListeners('warning').on('warning', listen);
  await action();
  // warnings are emitted on the next tick
  await new Promise(setImmediate);
  process.off('warning', listen);
  for (const other of others) process.on('warning', other);
  return warnings;
}

test('requests go to /v1/metrics below the base URL, compressed unless told otherwise', async (t) => {
  const receiver = await Receiver.start(t);
  const snapshot = await snapshotOf(t);
  for (const [options, path, headers] of [
    [{}, '/v1/metrics', { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' }],
    [
      { compression: 'none', encoding: 'json', bearerToken: 'secret', headers: { 'x-scope': 'a' } },
      '/v1/metrics',
      {
        'content-type': 'application/json',
        'content-encoding': undefined,
        authorization: 'Bearer secret',
        'x-scope': 'a',
      },
    ],
    [{ url: `${receiver.url}/opentelemetry/` }, '/opentelemetry/v1/metrics', {}],
  ] as const) {
    const { backend } = backendOf(t, { url: receiver.url, ...options });
    await backend.store(snapshot, { signal: NEVER });
    const { method, path: asked, headers: sent } = receiver.taken.at(-1)!;
    t.equal(method, 'POST');
    t.equal(asked, path);
    for (const [name, value] of Object.entries(headers)) t.equal(sent[name], value, name);
  }
});

test('only 429, 502, 503 and 504 are retried; Retry-After is respected', async (t) => {
  const receiver = await Receiver.start(t);
  const snapshot = await snapshotOf(t);
  const { backend } = backendOf(t, { url: receiver.url });
  for (const [code, retryable] of [
    [429, true],
    [502, true],
    [503, true],
    [504, true],
    [301, false],
    [400, false],
    [401, false],
    [404, false],
    [408, false],
    [413, false],
    [500, false],
    [501, false],
    [505, false],
  ] as const) {
    receiver.answers.push(status(code, { 'retry-after': '7' }, Buffer.from('\x08\x03\x12\x05sorry\x1a\x80')));
    const failed = await failure(backend.store(snapshot, { signal: NEVER }));
    t.equal(failed.code, 'RINGMETER_STORAGE_FAILED');
    t.equal(failed.retryable, retryable, `${code}`);
    t.equal(failed.retryAfter, 7_000);
    t.match(failed.message, new RegExp(`^POST ${receiver.url}/v1/metrics was answered with ${code}: sorry$`));
  }
  await backend.store(snapshot, { signal: NEVER });
  t.equal(receiver.taken.length, 1);
});

test('a failed connection is retried', async (t) => {
  const receiver = await Receiver.start(t);
  const snapshot = await snapshotOf(t);
  const { backend } = backendOf(t, { url: receiver.url });
  receiver.answers.push(cut);
  t.equal((await failure(backend.store(snapshot, { signal: NEVER }))).retryable, true);

  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  const refused = backendOf(t, { url: `http://127.0.0.1:${port}` }).backend;
  const failed = await failure(refused.store(snapshot, { signal: NEVER }));
  t.equal(failed.retryable, true);
  t.match(failed.message, /ECONNREFUSED/);
});

test('an unreadable certificate is reported, and read again at the next attempt', async (t) => {
  const receiver = await Receiver.start(t);
  const snapshot = await snapshotOf(t);
  const ca = join(t.testdir(), 'ca.pem');
  const { backend } = backendOf(t, { url: receiver.url, tls: { ca } });
  const failed = await failure(backend.store(snapshot, { signal: NEVER }));
  t.match(failed.message, /ENOENT.*ca\.pem/);
  t.equal(failed.retryable, undefined);
  await writeFile(ca, '');
  await backend.store(snapshot, { signal: NEVER });
  t.equal(receiver.taken.length, 1);
});

test('an aborted attempt ends at once and is retried', async (t) => {
  const receiver = await Receiver.start(t);
  const snapshot = await snapshotOf(t);
  const { backend } = backendOf(t, { url: receiver.url });
  receiver.answers.push(() => {});
  const controller = new AbortController();
  const storing = failure(backend.store(snapshot, { signal: controller.signal }));
  await until('the request is there', () => receiver.received.length === 1);
  controller.abort();
  t.equal((await storing).retryable, true);
});

test('rejected data points are warned about once per message and not sent again', async (t) => {
  const snapshot = await snapshotOf(t, 5);
  for (const encoding of ENCODINGS) {
    const receiver = await Receiver.start(t);
    const { backend } = backendOf(t, { url: receiver.url, encoding });
    const answer = (rejected: number, message: string, contentType = `application/${encoding}`) =>
      receiver.answers.push(status(200, { 'content-type': contentType }, partialSuccess(encoding, rejected, message)));
    answer(3, 'too old');
    answer(2, 'too old');
    answer(1, 'ünfit\n');
    answer(0, 'deprecated');
    answer(0, '');
    answer(4, 'a page', 'text/html');
    const warnings = await warningsOf(async () => {
      while (receiver.answers.length > 0) await backend.store(later(snapshot), { signal: NEVER });
    });
    t.equal(receiver.received.length, 6, 'none was sent again');
    t.same(
      warnings.map(({ name, message }) => [name, message.replace(receiver.url, 'URL')]),
      ['3 of 5 data points: too old', '1 of 5 data points: ünfit', '0 of 5 data points: deprecated'].map((what) => [
        'RingmeterWarning',
        `storage otlp: URL/v1/metrics rejected ${what}`,
      ]),
      encoding,
    );
  }
});

test('an unreadable rejection is warned about nevertheless', async (t) => {
  const receiver = await Receiver.start(t);
  const snapshot = await snapshotOf(t, 5);
  const { backend } = backendOf(t, { url: receiver.url, encoding: 'protobuf' });
  const json = backendOf(t, { url: receiver.url, encoding: 'json' }).backend;
  const protobufAnswer = (body: Buffer) => status(200, { 'content-type': 'application/x-protobuf' }, body);
  const jsonAnswer = (body: string) => status(200, { 'content-type': 'application/json' }, body);
  for (const [storage, answer, says] of [
    [backend, protobufAnswer(partialSuccess('protobuf', 200, 'more than fits a byte')), /more than fits a byte/],
    [backend, protobufAnswer(partialSuccess('protobuf', 1, 'x'.repeat(300))), /x{300}/],
    [backend, protobufAnswer(Buffer.from('\x0a\x7fnonsense')), /nonsense/],
    [json, jsonAnswer('{"partialSuccess":'), /partialSuccess/],
    [json, jsonAnswer('{"partialSuccess":{"rejectedDataPoints":"some"}}'), /some/],
    [json, jsonAnswer('null'), /null/],
  ] as const) {
    receiver.answers.push(answer);
    const snapshotNow = later(snapshot);
    const warnings = await warningsOf(() => storage.store(snapshotNow, { signal: NEVER }));
    t.equal(warnings.length, 1);
    t.match(warnings[0].message, says);
    t.match(warnings[0].message, 'an unknown number of 5');
  }
});

test('messages that are always new do not fill the log', async (t) => {
  const receiver = await Receiver.start(t);
  const snapshot = await snapshotOf(t);
  const { backend } = backendOf(t, { url: receiver.url });
  const warnings = await warningsOf(async () => {
    for (let n = 0; n < 150; n++) {
      receiver.answers.push(status(200, {}, partialSuccess('protobuf', 1, `at ${n}`)));
      await backend.store(later(snapshot), { signal: NEVER });
    }
  });
  t.equal(warnings.length, 100);
});

test('a snapshot is sent in requests of bounded size, and a retry continues with the failed one', async (t) => {
  for (const temporality of ['cumulative', 'delta'] as const) {
    const receiver = await Receiver.start(t);
    const snapshot = await snapshotOf(t, 7);
    const { backend, again } = backendOf(t, { url: receiver.url, temporality, maxSeriesPerRequest: 2 });
    const attempt = (of: OtlpBackend) => of.store({ ...snapshot, values: snapshot.values.slice() }, { signal: NEVER });
    receiver.answers.push(undefined, status(503));
    t.equal((await failure(attempt(backend))).retryable, true);
    receiver.answers.push(undefined, cut);
    t.equal((await failure(attempt(backend))).retryable, true);
    // the worker dies, another one goes on
    const successor = again();
    await attempt(successor);
    t.same(requests(receiver.received), ['1 2', '3 4', '3 4', '5 6', '5 6', '7'], temporality);
    t.same(requests(receiver.taken), ['1 2', '3 4', '5 6', '7'], temporality);
    // it died when the snapshot had been taken, before that was known
    await attempt(again());
    t.equal(receiver.received.length, 6, 'and nothing is sent again');
  }
});

test('a request that is refused for its content does not stop the others', async (t) => {
  for (const code of [400, 413, 422]) {
    const receiver = await Receiver.start(t);
    const snapshot = await snapshotOf(t, 6);
    const { backend } = backendOf(t, { url: receiver.url, maxSeriesPerRequest: 2 });
    receiver.answers.push(undefined, status(code));
    const failed = await failure(backend.store(snapshot, { signal: NEVER }));
    t.equal(failed.retryable, false);
    t.match(failed.message, `answered with ${code}`);
    t.same(requests(receiver.taken), ['1 2', '5 6']);
  }
});

test('a receiver that refuses every request gets one request only', async (t) => {
  for (const code of [401, 403, 404, 500]) {
    const receiver = await Receiver.start(t);
    const { backend } = backendOf(t, { url: receiver.url, maxSeriesPerRequest: 2 });
    receiver.answers.push(status(code));
    t.equal((await failure(backend.store(await snapshotOf(t, 6), { signal: NEVER }))).retryable, false);
    t.equal(receiver.received.length, 1);
  }
});

test('an empty snapshot is stored without a request', async (t) => {
  const receiver = await Receiver.start(t);
  const { backend } = backendOf(t, { url: receiver.url });
  await backend.store(await snapshotsOf(collectorFor(t))(), { signal: NEVER });
  t.equal(receiver.received.length, 0);
});
