import { once } from 'node:events';
import { Agent } from 'node:https';
import { connect as connectSecurely } from 'node:tls';
import { test } from 'tap';
import { makeCertificates, readCertificates } from '../net/certificates';
import { begin, fetchFrom, fill, RawConnection, serving, timed, within } from './client';
import { startedWorkers } from './workers';

/** What the server gives clients for the handshake. */
const HANDSHAKE_MS = 5_000;

for (const flushWorkers of [0, 1]) {
  const mode = `(flushWorkers: ${flushWorkers})`;

  test(`an endpoint with a certificate speaks https, and nothing else ${mode}`, async (t) => {
    const { ca, cert, key } = readCertificates(makeCertificates(t));
    const auth = { username: 'a', password: 'b' };
    const tls = { key: Buffer.from(key), cert };
    const { collector, endpoint } = await serving(t, { flushWorkers }, { tls, auth });
    collector.counter('jobs_total').increment(3);
    t.equal(endpoint.url, `https://127.0.0.1:${endpoint.port}/metrics`);
    const headers = { Authorization: `Basic ${Buffer.from('a:b').toString('base64')}` };
    const { status, body } = await fetchFrom(endpoint.url, { tls: { ca }, headers });
    t.equal(status, 200);
    t.match(body.toString(), /^jobs_total 3$/m);
    t.equal((await fetchFrom(endpoint.url, { tls: { ca } })).status, 401);
    const own = { Origin: `https://127.0.0.1:${endpoint.port}` };
    t.equal((await fetchFrom(endpoint.url, { tls: { ca }, headers: { ...headers, ...own } })).status, 200);
    await t.rejects(fetchFrom(endpoint.url), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    await t.rejects(fetchFrom(endpoint.url.replace('https', 'http')));
    await t.rejects(fetchFrom(endpoint.url, { tls: { ca, maxVersion: 'TLSv1.1' } }), 'nor what is older than TLS 1.2');
    const old = { tls: { ca, maxVersion: 'TLSv1.2' }, headers } as const;
    t.equal((await fetchFrom(endpoint.url, old)).status, 200);
    const newer = await collector.listen({ port: 0, tls: { ...tls, minVersion: 'TLSv1.3' } });
    await t.rejects(fetchFrom(newer.url, old));

    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca });
    t.teardown(() => agent.destroy());
    for (let round = 0; round < 5; round++) t.equal((await fetchFrom(endpoint.url, { agent, headers })).status, 200);
    t.equal(Object.values(agent.freeSockets).flat().length, 1, 'on one connection');
    t.ok((await timed(5_000, endpoint.close())) < 1_000, 'and closing waits for no idle one');
  });

  test(`clients can be asked for certificates ${mode}`, async (t) => {
    const { ca, cert, key } = readCertificates(makeCertificates(t));
    const { endpoint } = await serving(t, { flushWorkers }, { tls: { key, cert, ca } });
    t.equal((await fetchFrom(endpoint.url, { tls: { ca, cert, key } })).status, 200);
    await t.rejects(fetchFrom(endpoint.url, { tls: { ca } }));
    const stranger = readCertificates(makeCertificates(t));
    await t.rejects(fetchFrom(endpoint.url, { tls: { ...stranger, ca } }));
    t.equal((await fetchFrom(endpoint.url, { tls: { ca, cert, key } })).status, 200);
  });

  test(`invalid certificates are refused, and their keys are not shown ${mode}`, async (t) => {
    const { ca, cert, key } = readCertificates(makeCertificates(t));
    const { key: otherKey } = readCertificates(makeCertificates(t));
    const { collector } = await serving(t, { flushWorkers });
    for (const tls of [
      { key, cert: 'garbage' },
      { key: 'garbage', cert },
      { key: otherKey, cert },
      { key, cert, ca: 'garbage' },
      { key, cert, passphrase: 7 },
      { key },
      { cert },
      { key: '/etc/ssl/private/key.pem', cert: '/etc/ssl/cert.pem' },
      { key, cert, minVersion: 'SSLv3' },
      { key, cert, ciphers: 'x' },
      'garbage',
    ]) {
      const error = await collector.listen({ port: 0, tls: tls as never }).catch((reason) => reason);
      t.equal(error.code, 'RINGMETER_INVALID_OPTION', error.message);
      t.match(error.message, /^tls/);
      t.notMatch(error.message, /PRIVATE|MII/);
    }
    t.match((await collector.listen({ port: 0, tls: { key, cert, ca } })).url, /^https:/);
  });

  test(`an answer that is being sent is completed when the endpoint closes ${mode}`, async (t) => {
    const { ca, cert, key } = readCertificates(makeCertificates(t));
    const { collector, endpoint } = await serving(t, { flushWorkers }, { tls: { key, cert } });
    fill(collector, 100);
    const response = await begin(endpoint.url, { tls: { ca } });
    const closing = endpoint.close();
    let length = 0;
    for await (const part of response) length += part.length;
    t.equal(String(length), response.headers['content-length']);
    await timed(5_000, closing);
  });
}

test('connections that never finish the TLS handshake are closed, and those that do not read are reset', async (t) => {
  const { ca, cert, key } = readCertificates(makeCertificates(t));
  const { collector, endpoint } = await serving(t, {}, { tls: { key, cert } });
  fill(collector);
  const began = performance.now();
  const silent = await RawConnection.open(t, endpoint.port);
  const half = await RawConnection.open(t, endpoint.port);
  half.write('\x16\x03\x01\x02\x00\x01');
  const wrong = await RawConnection.open(t, endpoint.port);
  wrong.write('GET / HTTP/1.1\r\n\r\n');
  const slow = connectSecurely({ host: '127.0.0.1', port: endpoint.port, ca });
  t.teardown(() => slow.destroy());
  await once(slow, 'secureConnect');
  const deaf = connectSecurely({ host: '127.0.0.1', port: endpoint.port, ca });
  t.teardown(() => deaf.destroy());
  await once(deaf, 'secureConnect');
  deaf.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(deaf, 'readable');
  const reset = once(deaf, 'error');
  // who does not read hears of a reset only by writing
  const nagging = setInterval(() => deaf.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'), 2_500);
  t.teardown(() => clearInterval(nagging));
  let ended = false;
  slow.on('error', () => {});
  slow.once('close', () => {
    ended = true;
  });
  slow.resume().write('GET /metrics HTTP/1.1\r\nHost');
  await wrong.untilClosed();
  t.equal((await fetchFrom(endpoint.url.replace('metrics', '-/healthy'), { tls: { ca } })).status, 200);
  await Promise.all([silent, half].map((client) => client.untilClosed(HANDSHAKE_MS + 4_000)));
  t.ok(performance.now() - began > HANDSHAKE_MS - 500, 'but not before their time');
  await within(
    10_000,
    () => 'half a request is cut off',
    () => ended,
  );
  const [error] = (await reset) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ECONNRESET');
  t.equal((await fetchFrom(endpoint.url.replace('metrics', '-/healthy'), { tls: { ca } })).status, 200);
});

test('many clients that never finish the TLS handshake keep nobody out', async (t) => {
  const { ca, cert, key } = readCertificates(makeCertificates(t));
  const { endpoint } = await serving(t, {}, { tls: { key, cert } });
  await Promise.all(Array.from({ length: 300 }, () => RawConnection.open(t, endpoint.port)));
  t.equal((await fetchFrom(endpoint.url, { tls: { ca } })).status, 200);
});

test('an endpoint whose worker ends is opened again with its certificate', async (t) => {
  const { ca, cert, key } = readCertificates(makeCertificates(t));
  const workers = startedWorkers(t);
  const { endpoint } = await serving(t, {}, { tls: { key, cert }, auth: { token: 'x' } });
  await workers.at(-1)!.terminate();
  const status = async (headers: Record<string, string>): Promise<number> => {
    for (const end = Date.now() + 10_000; ; )
      try {
        return (await fetchFrom(endpoint.url, { tls: { ca }, headers })).status;
      } catch (error) {
        if (Date.now() > end) throw error;
      }
  };
  t.equal(await status({ Authorization: 'Bearer x' }), 200);
  t.equal(await status({}), 401);
});
