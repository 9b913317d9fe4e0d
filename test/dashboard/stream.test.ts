import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { MOST_STREAMS } from '../../dist/src/dashboard/stream';
import { IDLE_HEARTBEAT_MS } from '../../dist/src/instruments/recorder';
import { ask, fetchFrom, RawConnection, serving } from '../endpoint/client';
import { until } from '../instruments/support';
import { address, StreamClient } from './support';

// most of it is waiting for seconds to pass: all at once
t.jobs = 8;
const test = (name: string, act: (t: Test) => Promise<void>) => t.test(name, { buffered: true }, act);

test('each second a document is sent, made once for all clients', async (t) => {
  const { collector, endpoint } = await serving(t);
  const counter = collector.counter('x_total');
  counter.increment();
  const collects = () => collector.stats().collects;
  const clients = await Promise.all(Array.from({ length: 10 }, () => StreamClient.open(t, endpoint)));
  await Promise.all(clients.map((client) => client.until(2)));
  const times = () => clients.map(({ documents }) => documents.map(({ time }) => time));
  const all = Math.max(...times().flat());
  const before = collects();
  const began = performance.now();
  await Promise.all(clients.map((client) => client.until(client.documents.length + 4)));
  const seconds = (performance.now() - began) / 1000;
  t.ok(collects() - before <= Math.ceil(seconds) + 2, `${collects() - before} snapshots for 10 clients`);
  const later = times().map((each) => each.filter((time) => time > all).slice(0, 3));
  for (const each of later) t.same(each, later[0], 'all get the same');
  // a document that is late makes the time to the next one shorter, by less than a second: the one after is left out then
  const [first, , third] = later[0];
  t.ok(third - first >= 1_000, `${third - first} ms from one to the next but one`);
});

test('no document is made without clients', async (t) => {
  const { collector, endpoint } = await serving(t);
  collector.counter('x_total').increment();
  const client = await (await StreamClient.open(t, endpoint)).until(2);
  client.response.destroy();
  // the endpoint hears of it by and by, and finishes what it makes at that moment
  await until('nothing is made for 2.5 s', async () => {
    const before = collector.stats().collects;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    return collector.stats().collects === before;
  });
  t.pass();
});

test('a client beyond the limit of streams is refused, and accepted when another has left', async (t) => {
  const { endpoint } = await serving(t);
  const clients = await Promise.all(Array.from({ length: MOST_STREAMS }, () => StreamClient.open(t, endpoint)));
  const refused = await fetchFrom(address(endpoint, '/dashboard/stream'));
  t.equal(refused.status, 503);
  t.match(refused.headers['retry-after'], '1');
  clients[0].response.destroy();
  await until('there is room', async () => (await StreamClient.open(t, endpoint)).response.statusCode === 200);
});

test('the stream of a client that does not read is closed, and delays no other', async (t) => {
  // documents so large that what the system takes for a connection is soon full
  const { collector, endpoint } = await serving(t, { dashboard: { title: 'x'.repeat(2 ** 22) } });
  collector.counter('x_total').increment();
  const deaf = await RawConnection.open(t, endpoint.port);
  const began = performance.now();
  deaf.write(ask('/dashboard/stream')).pause();
  // without writing, nobody who does not read hears of a reset
  const nagging = setInterval(() => deaf.write(ask()), 2_000);
  t.teardown(() => clearInterval(nagging));
  const reset = new Promise<number>((resolve) => {
    deaf.socket.once('error', () => resolve(performance.now() - began));
  });
  const reader = await (await StreamClient.open(t, endpoint)).until(2);
  t.pass('others get theirs meanwhile');
  reader.response.destroy();
  const after = await reset;
  t.ok(after > 9_000, `cut off after ${after} ms`);
});

test('HEAD is answered, and closes by itself', async (t) => {
  const { endpoint } = await serving(t);
  const { status, body } = await fetchFrom(address(endpoint, '/dashboard/stream'), { method: 'HEAD' });
  t.equal(status, 200);
  t.equal(body.length, 0);
});

test('closing the endpoint ends the streams at once', async (t) => {
  const { collector, endpoint } = await serving(t);
  collector.counter('x_total').increment();
  const client = await (await StreamClient.open(t, endpoint)).until(1);
  await endpoint.close();
  await until('the stream has ended', () => client.ended);
  t.ok(client.response.complete, 'by itself: it is not cut off, as answers are that take too long');
});

test('a blocked thread is reported while it is blocked, and documents continue', async (t) => {
  const { collector, endpoint } = await serving(t);
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { handle, blocked } = workerData;
    const collector = require(${JSON.stringify(join(__dirname, '../../dist/src/index.js'))}).attachCollector(handle);
    collector.counter('x_total').increment();
    const block = () => {
      const from = Date.now();
      Atomics.wait(blocked, 0, 0);
      parentPort.postMessage({ from, to: Date.now() });
    };
    // a heartbeat that is due is not left out
    parentPort.once('message', () => setTimeout(block, 1));`;
  const blocked = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(program, { eval: true, workerData: { handle: collector.handle, blocked } });
  t.teardown(() => worker.terminate());
  collector.counter('x_total').increment();
  const client = await (await StreamClient.open(t, endpoint)).until(2);
  type Stall = { thread: string; from: number; to: number | null };
  // on a busy machine this thread waits for a processor now and then, and is told as well
  const stall = () => (client.of('stalls').at(-1) as Stall[]).findLast(({ thread }) => /^\d+$/.test(thread));
  const asked = Date.now();
  worker.postMessage('block');
  await until('the stall is told', () => stall()?.to === null);
  const documents = client.documents.length;
  await client.until(documents + 2);
  await until('threads are told with it', () =>
    client.documents.some(({ system }) => system.threads.some(({ stalledSeconds }) => stalledSeconds > 0.7)),
  );
  Atomics.store(blocked, 0, 1);
  Atomics.notify(blocked, 0);
  const [block] = await once(worker, 'message');
  await until('its end is told', () => stall()?.to !== null);
  const told = Date.now();
  const { from, to } = stall()!;
  t.ok(from > asked - IDLE_HEARTBEAT_MS - 50 && from < block.from + 50, `since ${block.from - from} ms before`);
  t.ok(to! > block.to - 50 && to! <= told, `until ${to! - block.to} ms after`);
});

test('an open stream keeps no process alive, with flush workers and without', async (t) => {
  for (const flushWorkers of [0, 1]) {
    const program = `
      const { MetricsCollector } = require(${JSON.stringify(join(__dirname, '../../dist/src/index.js'))});
      const collector = new MetricsCollector({ flushWorkers: ${flushWorkers}, storage: [] });
      collector.listen({ port: 0 }).then(({ url }) => {
        const timer = setInterval(() => {}, 1000);
        process.stdout.write(url);
        process.stdin.once('data', () => { clearInterval(timer); process.stdin.unref(); });
      });`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.teardown(() => child.kill());
    const [url] = await once(child.stdout, 'data');
    const client = await (await StreamClient.open(t, { url: String(url) } as never)).until(1);
    child.stdin.write('end\n');
    if (child.exitCode === null) await once(child, 'exit');
    t.equal(child.exitCode, 0, `flushWorkers: ${flushWorkers}`);
    await until('the stream has ended', () => client.ended);
  }
});
