import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { parseExposition, sampleValue } from '../helpers/parse-exposition';
import { serving } from './client';

const BLOCK_MS = 5_000;
/** What a scrape may take beyond what a bare server in another thread takes at the same time: the machine does other things too. */
const SCRAPE_LIMIT_MS = 250;
/** From then on a scrape must contain what the blocked thread had written but not published. */
const SEEN_AFTER_MS = 500;

interface Scrape {
  began: number;
  took: number;
  body: Uint8Array;
}

/** A thread with a server that has nothing to do. */
const BARE_SERVER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:http').createServer((_, response) => response.end('bare'));
  server.listen(0, '127.0.0.1', () => parentPort.postMessage('http://127.0.0.1:' + server.address().port));
`;

/**
 * Asks both servers in turn from another thread, on new connections, until told to stop. Times are of the wall clock, which
 * threads share.
 */
const SCRAPER = `
  const { get } = require('node:http');
  const { parentPort, workerData } = require('node:worker_threads');
  const answers = { scrapes: [], bare: [] };
  let stopped = false;
  parentPort.once('message', () => { stopped = true; });
  const ask = (url) => new Promise((resolve, reject) => {
    const began = performance.timeOrigin + performance.now();
    get(url, { agent: false }, async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      resolve({ began, took: performance.timeOrigin + performance.now() - began, body: Buffer.concat(parts) });
    }).on('error', reject);
  });
  (async () => {
    for (const url of Object.values(workerData)) await ask(url);
    parentPort.postMessage('ready');
    while (!stopped)
      for (const [name, url] of Object.entries(workerData)) {
        answers[name].push(await ask(url));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    parentPort.postMessage(answers);
  })();
`;

test('scrapes are answered while the main thread is blocked, with what it recorded right before', async (t) => {
  const { collector, endpoint } = await serving(t);
  const requests = collector.counter('requests_total');
  const wait = collector.histogram('wait_seconds');
  const load = collector.gauge('load');
  requests.increment(1_000);
  const bareServer = new Worker(BARE_SERVER, { eval: true });
  t.teardown(() => bareServer.terminate());
  const [bareUrl] = await once(bareServer, 'message');
  const scraper = new Worker(SCRAPER, { eval: true, workerData: { scrapes: endpoint.url, bare: bareUrl } });
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
  const [{ scrapes, bare }] = (await once(scraper, 'message')) as [Record<'scrapes' | 'bare', Scrape[]>];
  // also the one that was answered only after the block, if there is one
  const meanwhile = (answers: Scrape[]) => answers.filter(({ began }) => began >= blocked && began < released);
  const slowestOf = (answers: Scrape[]): number => Math.max(...meanwhile(answers).map(({ took }) => took));
  const during = meanwhile(scrapes);
  const [slowest, slowestBare] = [slowestOf(scrapes), slowestOf(bare)];
  t.ok(during.length > 20, `${during.length} scrapes were begun meanwhile`);
  t.ok(
    slowest <= SCRAPE_LIMIT_MS + slowestBare,
    `the slowest took ${slowest.toFixed(1)} ms, of a bare server ${slowestBare.toFixed(1)} ms`,
  );
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
