import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { parseExposition, sampleValue } from '../helpers/parse-exposition';
import { serving } from './client';

const BLOCK_MS = 5_000;
/** What nine of ten scrapes may take, and what the slowest may, on a machine that does other things too. */
const SCRAPE_LIMIT_MS = 250;
const SLOWEST_LIMIT_MS = 1_500;
/** From then on a scrape must contain what the blocked thread had written but not published. */
const SEEN_AFTER_MS = 500;

interface Scrape {
  began: number;
  took: number;
  body: Uint8Array;
}

/** Scrapes from another thread, on new connections, until told to stop. Times are of the wall clock, which threads share. */
const SCRAPER = `
  const { get } = require('node:http');
  const { parentPort, workerData } = require('node:worker_threads');
  const scrapes = [];
  let stopped = false;
  parentPort.once('message', () => { stopped = true; });
  const scrape = () => new Promise((resolve, reject) => {
    const began = performance.timeOrigin + performance.now();
    get(workerData, { agent: false }, async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      resolve({ began, took: performance.timeOrigin + performance.now() - began, body: Buffer.concat(parts) });
    }).on('error', reject);
  });
  (async () => {
    await scrape();
    parentPort.postMessage('ready');
    while (!stopped) {
      scrapes.push(await scrape());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    parentPort.postMessage(scrapes);
  })();
`;

test('scrapes are answered while the main thread is blocked, with what it recorded right before', async (t) => {
  const { collector, endpoint } = await serving(t);
  const requests = collector.counter('requests_total');
  const wait = collector.histogram('wait_seconds');
  const load = collector.gauge('load');
  requests.increment(1_000);
  const scraper = new Worker(SCRAPER, { eval: true, workerData: endpoint.url });
  t.teardown(() => scraper.terminate());
  await once(scraper, 'message');

  // fewer events than are published at once, and nothing that publishes them
  for (let index = 0; index < 7; index++) requests.increment();
  for (let index = 0; index < 5; index++) wait.observe(0.2);
  load.set(42);
  const blocked = performance.timeOrigin + performance.now();
  const end = performance.now() + BLOCK_MS;
  while (performance.now() < end);
  const released = performance.timeOrigin + performance.now();

  scraper.postMessage('stop');
  const [scrapes] = (await once(scraper, 'message')) as [Scrape[]];
  // also the one that was answered only after the block, if there is one
  const during = scrapes.filter(({ began }) => began >= blocked && began < released);
  const times = during.map(({ took }) => took).sort((a, b) => a - b);
  const slowest = times.at(-1)!;
  const most = times[Math.floor(times.length * 0.9)];
  t.ok(during.length > 20, `${during.length} scrapes were begun meanwhile`);
  t.ok(most <= SCRAPE_LIMIT_MS, `nine of ten took no more than ${most.toFixed(1)} ms`);
  t.ok(slowest <= SLOWEST_LIMIT_MS, `the slowest took ${slowest.toFixed(1)} ms`);
  const late = during.filter(({ began }) => began >= blocked + SEEN_AFTER_MS);
  for (const { body } of late) {
    const families = parseExposition(body);
    const seen = [
      sampleValue(families, 'requests_total'),
      sampleValue(families, 'wait_seconds_count'),
      sampleValue(families, 'load'),
    ];
    if (String(seen) !== '1007,5,42') t.same(seen, [1007, 5, 42]);
  }
  const first = during.find(({ body }) => sampleValue(parseExposition(body), 'load') === 42);
  t.comment(`all was seen ${((first?.began ?? Number.NaN) - blocked).toFixed(0)} ms after the block began`);
});
