import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { MOST_STREAMS } from '../../dist/src/dashboard/stream';
import { ask, fetchFrom, RawConnection, serving, timed, within } from '../endpoint/client';
import { address, StreamClient } from './support';

// most of it is waiting for seconds to pass: all at once
t.jobs = 8;
const test = (name: string, act: (t: Test) => Promise<void>) => t.test(name, { buffered: true }, act);

test('each second a document comes, made once for all who look', async (t) => {
  const { collector, endpoint } = await serving(t);
  const counter = collector.counter('x_total');
  counter.increment();
  const collects = () => collector.stats().collects;
  const clients = await Promise.all(Array.from({ length: 10 }, () => StreamClient.open(t, endpoint)));
  await Promise.all(clients.map((client) => client.until(2)));
  const before = collects();
  const began = performance.now();
  await Promise.all(clients.map((client) => client.until(client.documents.length + 3)));
  const seconds = (performance.now() - began) / 1000;
  t.ok(seconds > 1.5 && seconds < 6, `3 documents in ${seconds} s`);
  t.ok(collects() - before <= Math.ceil(seconds) + 2, `${collects() - before} snapshots for 10 clients`);
  const times = clients.map(({ documents }) => documents.at(-1)!.time);
  t.ok(Math.max(...times) - Math.min(...times) < 1_500);
});

test('nothing is done when nobody looks any more', async (t) => {
  const { collector, endpoint } = await serving(t);
  collector.counter('x_total').increment();
  const client = await (await StreamClient.open(t, endpoint)).until(2);
  client.response.destroy();
  await within(
    5_000,
    () => 'the endpoint hears of it',
    () => client.ended,
  );
  // what is being made at this moment is finished
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = collector.stats().collects;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  t.equal(collector.stats().collects, before);
});

test('one more than may look is sent away, and let in when there is room', async (t) => {
  const { endpoint } = await serving(t);
  const clients = await Promise.all(Array.from({ length: MOST_STREAMS }, () => StreamClient.open(t, endpoint)));
  const refused = await fetchFrom(address(endpoint, '/dashboard/stream'));
  t.equal(refused.status, 503);
  t.match(refused.headers['retry-after'], '1');
  clients[0].response.destroy();
  let last: StreamClient | undefined;
  const end = Date.now() + 5_000;
  while (Date.now() < end) {
    last = await StreamClient.open(t, endpoint);
    if (last.response.statusCode === 200) break;
  }
  t.equal(last?.response.statusCode, 200);
});

test('one who does not read is cut off, and keeps nobody waiting', async (t) => {
  // documents so large that what the system takes for a connection is soon full
  const { collector, endpoint } = await serving(t, { dashboard: { title: 'x'.repeat(2 ** 22) } });
  collector.counter('x_total').increment();
  const deaf = await RawConnection.open(t, endpoint.port);
  deaf.write(ask('/dashboard/stream')).pause();
  const began = performance.now();
  // without writing, nobody who does not read hears of a reset
  const nagging = setInterval(() => deaf.write(ask()), 2_000);
  t.teardown(() => clearInterval(nagging));
  const reset = new Promise<number>((resolve) => {
    deaf.socket.once('error', () => resolve(performance.now() - began));
  });
  const reader = await (await StreamClient.open(t, endpoint)).until(2, 20_000);
  t.pass('others get theirs meanwhile');
  reader.response.destroy();
  const after = await reset;
  t.ok(after > 9_000 && after < 25_000, `cut off after ${after} ms`);
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
  t.ok((await timed(2_500, endpoint.close())) < 2_000);
  await within(
    2_000,
    () => 'the stream has ended',
    () => client.ended,
  );
});

test('a thread that is blocked is told of while it is, and documents go on', async (t) => {
  const { collector, endpoint } = await serving(t);
  const { Worker } = await import('node:worker_threads');
  const block = `
    const { parentPort, workerData } = require('node:worker_threads');
    const collector = require(${JSON.stringify(join(__dirname, '../../dist/src/index.js'))}).attachCollector(workerData);
    collector.counter('x_total').increment();
    parentPort.once('message', () => { const end = Date.now() + 2500; while (Date.now() < end); parentPort.postMessage('done'); });`;
  const worker = new Worker(block, { eval: true, workerData: collector.handle });
  t.teardown(() => worker.terminate());
  collector.counter('x_total').increment();
  const client = await (await StreamClient.open(t, endpoint)).until(2);
  const stalls = () => client.of('stalls').at(-1) as { thread: string; from: number; to: number | null }[];
  const began = Date.now();
  worker.postMessage('block');
  await within(
    5_000,
    () => 'the stall is told',
    () => stalls().some(({ to }) => to === null),
  );
  const [{ thread, from }] = stalls();
  t.match(thread, /^\d+$/, 'by the number of its shard');
  t.ok(Math.abs(from - began) < 1_000, 'since about when');
  const documents = client.documents.length;
  await within(
    5_000,
    () => 'its end is told',
    () => stalls().every(({ to }) => to !== null),
  );
  t.ok(client.documents.length > documents, 'documents came meanwhile');
  t.ok(client.documents.some(({ system }) => system.threads.some(({ stalledSeconds }) => stalledSeconds > 0.7)));
  const [{ to }] = stalls();
  t.ok(to! - from > 1_800 && to! - from < 4_500, `${to! - from} ms`);
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
    await timed(8_000, once(child, 'exit'));
    t.equal(child.exitCode, 0, `flushWorkers: ${flushWorkers}`);
    await within(
      2_000,
      () => 'the stream has ended',
      () => client.ended,
    );
  }
});
