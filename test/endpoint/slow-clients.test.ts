import { type Test, test } from 'tap';
import { fetchFrom, RawConnection, serving } from './client';

/** The endpoint gives a client 5 s for its headers and looks once a second. */
const LIMIT_MS = 5_000;

async function cutsOff(t: Test, flushWorkers: number): Promise<void> {
  const { endpoint } = await serving(t, { flushWorkers });
  const began = performance.now();
  const silent = await RawConnection.open(t, endpoint.port);
  const half = await RawConnection.open(t, endpoint.port);
  half.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
  const dripping = await RawConnection.open(t, endpoint.port);
  dripping.write('GET /metrics HTTP/1.1\r\n');
  const drip = setInterval(() => dripping.write('X: y\r\n'), 100);
  t.teardown(() => clearInterval(drip));
  t.equal((await fetchFrom(endpoint.url)).status, 200, 'others are served meanwhile');
  await Promise.all([silent, half, dripping].map((connection) => connection.untilClosed(LIMIT_MS + 4_000)));
  t.ok(performance.now() - began > LIMIT_MS - 500, 'but not before their time');
  t.match(half.received, /^HTTP\/1\.1 408 /);
  t.equal((await fetchFrom(endpoint.url)).status, 200, 'and afterwards');
}

test('clients that never finish their headers are cut off, with flush workers and without', async (t) => {
  await Promise.all([cutsOff(t, 0), cutsOff(t, 1)]);
});
