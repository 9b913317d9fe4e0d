import { type Test, test } from 'tap';
import { ask, fetchFrom, fill, RawConnection, serving } from './client';

/** The endpoint gives a client 5 s for its headers and looks once a second. */
const HEADERS_MS = 5_000;
/** It waits so long for a client to take something of its answer. */
const READING_MS = 10_000;

async function cutsOff(t: Test, flushWorkers: number): Promise<void> {
  const { endpoint } = await serving(t, { flushWorkers });
  const began = performance.now();
  const silent = await RawConnection.open(t, endpoint.port);
  const half = await RawConnection.open(t, endpoint.port);
  half.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n');
  const dripping = await RawConnection.open(t, endpoint.port);
  dripping.write('GET /metrics HTTP/1.1\r\n');
  const drip = setInterval(() => dripping.write('X: y\r\n'), 100);
  t.teardown(() => clearInterval(drip));
  t.equal((await fetchFrom(endpoint.url)).status, 200, 'others are served meanwhile');
  await Promise.all([silent, half, dripping].map((connection) => connection.untilClosed()));
  t.ok(performance.now() - began > HEADERS_MS - 500, 'but not before their time');
  t.match(half.received, /^HTTP\/1\.1 408 /);
  t.equal((await fetchFrom(endpoint.url)).status, 200, 'and afterwards');
}

test('connections of clients that never finish their headers are closed, with flush workers and without', async (t) => {
  await Promise.all([cutsOff(t, 0), cutsOff(t, 1)]);
});

/** Reads some, stops for so long, and reads on, until the whole answer has come. */
async function readWithPauses(client: RawConnection, pause: number): Promise<void> {
  const whole = /^[\s\S]*?Content-Length: (\d+)[\s\S]*?\r\n\r\n/;
  await client.until(whole);
  const [head, length] = whole.exec(client.received)!;
  client.socket.on('data', () => client.pause());
  while (client.received.length < head.length + Number(length)) {
    if (client.closed) throw new Error(`closed after ${client.received.length} bytes`);
    await new Promise((resolve) => setTimeout(resolve, pause));
    client.socket.resume();
  }
}

for (const flushWorkers of [0, 1])
  test(`an answer that nobody reads is aborted, and a slow reader gets it completely (flushWorkers: ${flushWorkers})`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers });
    fill(collector);
    const slow = await RawConnection.open(t, endpoint.port);
    const deaf = await RawConnection.open(t, endpoint.port);
    slow.write(ask());
    deaf.write(ask());
    await deaf.until(/^HTTP\/1\.1 200 /);
    deaf.pause();
    const began = performance.now();
    // its requests are no sign that it reads
    const nagging = setInterval(() => deaf.write(ask()), READING_MS / 4);
    t.teardown(() => clearInterval(nagging));
    const reset = new Promise<number>((resolve) => {
      deaf.socket.once('error', () => resolve(performance.now() - began));
    });
    await readWithPauses(slow, 5);
    const took = await reset;
    t.ok(took > READING_MS - 500, `cut off after ${took.toFixed(0)} ms`);
    t.equal((await fetchFrom(endpoint.url)).status, 200);
  });
