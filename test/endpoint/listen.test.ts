import { once } from 'node:events';
import { Agent } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Worker } from 'node:worker_threads';
import type { Endpoint, RingmeterError } from 'ringmeter';
import { type Test, test } from 'tap';
import { parseExposition } from '../helpers/parse-exposition';
import { begin, fetchFrom, fill, RawConnection, serving, timed, within } from './client';

/** A close that waits for a client instead of its own limit would take the socket's 90 s. */
const CLOSE_LIMIT_MS = 10_000;

async function takePort(t: Test): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const refused = { code: 'ECONNREFUSED' };

for (const flushWorkers of [0, 1]) {
  const mode = `(flushWorkers: ${flushWorkers})`;

  test(`a taken port is an error that says so ${mode}`, async (t) => {
    const { collector } = await serving(t, { flushWorkers });
    const port = await takePort(t);
    const error: RingmeterError = await collector.listen({ port }).then(
      () => t.fail('it listens'),
      (reason) => reason,
    );
    t.equal(error.name, 'RingmeterError');
    t.equal(error.code, 'RINGMETER_LISTEN_FAILED');
    t.match(error.message, `cannot listen on 127.0.0.1:${port}: the port is taken`);
    t.ok((await collector.listen({ port: 0 })).port > 0, 'and another one can be had');
  });

  test(`an address of another machine is an error that says so ${mode}`, async (t) => {
    const { collector } = await serving(t, { flushWorkers });
    const listening = collector.listen({ port: 0, host: '192.0.2.1' });
    await t.rejects(listening, { code: 'RINGMETER_LISTEN_FAILED', message: /does not have that address/ });
  });

  test(`port 0 is a free port, and several endpoints can be open ${mode}`, async (t) => {
    const { collector, endpoint: one } = await serving(t, { flushWorkers });
    const other = await collector.listen({ port: 0 });
    t.not(one.port, other.port);
    t.equal(one.host, '127.0.0.1');
    t.equal(one.url, `http://127.0.0.1:${one.port}/metrics`);
    t.equal((await fetchFrom(one.url)).status, 200);
    await one.close();
    await t.rejects(fetchFrom(one.url), refused);
    t.equal((await fetchFrom(other.url)).status, 200);
  });

  const ipv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  test(`IPv6's loopback ${mode}`, { skip: ipv6 ? false : 'this machine has no ::1' }, async (t) => {
    const { collector } = await serving(t, { flushWorkers });
    const { url, port } = await collector.listen({ host: '::1', port: 0 });
    t.equal(url, `http://[::1]:${port}/metrics`);
    t.equal((await fetchFrom(url)).status, 200);
  });

  test(`a closed endpoint releases its port permanently ${mode}`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers });
    const { port, url } = endpoint;
    for (let round = 0; round < 3; round++) {
      await endpoint.close();
      await endpoint.close();
      const again = await collector.listen({ port });
      t.equal((await fetchFrom(url)).status, 200);
      await again.close();
      await t.rejects(fetchFrom(url), refused);
    }
  });

  // node takes an answer that has been handed to the socket for finished, and cuts it off
  test(`closing an endpoint lets a running answer finish ${mode}`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers });
    fill(collector);
    const agent = new Agent({ keepAlive: true });
    t.teardown(() => agent.destroy());
    const response = await begin(endpoint.url, { agent });
    let closed = false;
    const closing = endpoint.close().then(() => {
      closed = true;
    });
    await t.rejects(async () => {
      for (;;) await fetchFrom(endpoint.url.replace('metrics', '-/healthy'));
    }, 'nobody else is let in');
    t.equal(closed, false, 'the answer is still running');
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part);
    const body = Buffer.concat(parts);
    t.equal(String(body.length), response.headers['content-length']);
    t.equal(parseExposition(body)[0].lines.length, 200);
    await timed(CLOSE_LIMIT_MS, closing);
  });

  test(`closing does not wait for an idle connection ${mode}`, async (t) => {
    const { endpoint } = await serving(t, { flushWorkers });
    const agent = new Agent({ keepAlive: true });
    t.teardown(() => agent.destroy());
    await fetchFrom(endpoint.url, { agent });
    t.equal(Object.values(agent.freeSockets).flat().length, 1);
    t.ok((await timed(CLOSE_LIMIT_MS, endpoint.close())) < 1_000);
  });

  // node stops looking for slow clients when a server closes
  test(`closing does not wait for a client that never asks ${mode}`, async (t) => {
    const { endpoint } = await serving(t, { flushWorkers });
    await RawConnection.open(t, endpoint.port);
    const half = await RawConnection.open(t, endpoint.port);
    half.write('GET /metrics HTTP/1.1\r\nHost');
    await fetchFrom(endpoint.url);
    await timed(CLOSE_LIMIT_MS, endpoint.close());
  });

  test(`closing does not wait for ever for a client that does not read ${mode}`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers });
    fill(collector);
    const response = await begin(endpoint.url);
    t.teardown(() => response.destroy());
    response.on('error', () => {});
    await timed(CLOSE_LIMIT_MS, endpoint.close());
  });

  test(`a closed endpoint is garbage-collected ${mode}`, async (t) => {
    const { collector } = await serving(t, { flushWorkers });
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const closed = new WeakRef<Endpoint>(await collector.listen({ port: 0 }));
    const kept = new WeakRef<Endpoint>(await collector.listen({ port: 0 }));
    await closed.deref()!.close();
    await within(
      5_000,
      () => 'the endpoint is garbage',
      () => {
        collectGarbage();
        return closed.deref() === undefined;
      },
    );
    t.ok(kept.deref(), 'an open one is not');
  });

  test(`closing the collector closes its endpoints ${mode}`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers });
    await collector.close();
    await t.rejects(fetchFrom(endpoint.url), refused);
    await t.rejects(collector.listen({ port: 0 }), { code: 'RINGMETER_CLOSED' });
  });

  test(`wrong options are refused ${mode}`, async (t) => {
    const { collector } = await serving(t, { flushWorkers });
    const wrong: unknown[] = [
      { port: 65_536 },
      { port: -1 },
      { port: 1.5 },
      { port: '80' },
      { host: 7 },
      // for node, all interfaces
      { host: '' },
      { path: '/' },
      80,
    ];
    for (const options of wrong)
      await t.rejects(
        collector.listen(options as object),
        { code: 'RINGMETER_INVALID_OPTION' },
        JSON.stringify(options),
      );
  });
}

test('an endpoint whose worker ends is opened again at the same port', async (t) => {
  const workers: Worker[] = [];
  const keep = (worker: Worker) => workers.push(worker);
  process.on('worker', keep);
  t.teardown(() => process.off('worker', keep));
  const { collector, endpoint } = await serving(t);
  const jobs = collector.counter('jobs_total');
  for (let round = 1; round <= 3; round++) {
    jobs.increment();
    await workers.at(-1)!.terminate();
    const end = Date.now() + 10_000;
    let body: Buffer | undefined;
    while (body === undefined && Date.now() < end) {
      body = await fetchFrom(endpoint.url).then(
        (answer) => answer.body,
        () => undefined,
      );
    }
    t.equal(parseExposition(body!)[0].lines[0].value, round);
  }
  await endpoint.close();
  await t.rejects(fetchFrom(endpoint.url), refused);
});
