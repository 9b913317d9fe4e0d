'use strict';
/*
 * Runs everything at once for a long time and tells whether memory stays flat: a server, scrapes, a dashboard stream, rules
 * whose labels change, files, remote write to a port that nobody listens on, series that come and go, threads that come and
 * go. RINGMETER_SOAK_MINUTES sets how long (default 120; with less than 20, what fills and what leaks cannot be told apart).
 * Exits 1 if, after the warm-up, a line through all samples of some kind of memory rises by more than MOST_RISE.
 */
const { mkdtempSync, rmSync } = require('node:fs');
const http = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const workerThreads = require('node:worker_threads');

const { isMainThread, Worker } = workerThreads;
const flushWorkers = new Set();
if (isMainThread) watchWorkers();

const ringmeter = require(join(__dirname, '..', '..'));

const MINUTES = Number(process.env.RINGMETER_SOAK_MINUTES ?? 120);
const MINUTE_MS = 60_000;
const MIB = 2 ** 20;
/**
 * Share of the time in which memory may grow. Caches, queues and rings fill, and code is compiled: what the dashboard's
 * stream has seen is full after an hour, at 16 MiB.
 */
const WARM_UP = 0.5;
const SAMPLE_MS = 5_000;
/** MiB per minute: noise of the allocator and of collections of garbage, and what the dashboard's history may still take. */
const MOST_RISE = { rss: 0.5, heapUsed: 0.1, external: 0.1, heapOfWorkers: 0.2 };

if (isMainThread) main();
else recordForAMoment();

/** Notes the workers that the library starts: it takes the class when it is loaded. */
function watchWorkers() {
  workerThreads.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      flushWorkers.add(this);
      this.once('exit', () => flushWorkers.delete(this));
    }
  };
}

/** A thread that comes and goes. */
async function recordForAMoment() {
  const counter = ringmeter.getMetricsCollector().counter('soak_thread_total');
  for (let turn = 0; turn < 100; turn++) {
    counter.increment();
    await sleep(10);
  }
}

async function main() {
  if (!(MINUTES > 0)) throw new Error('RINGMETER_SOAK_MINUTES must be a number of minutes above 0');
  const directory = mkdtempSync(join(tmpdir(), 'ringmeter-soak-'));
  const collector = makeCollector(directory);
  const stops = await startLoad(collector);
  try {
    process.exitCode = (await measure()) ? 0 : 1;
  } finally {
    for (const stop of stops) await stop();
    await collector.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function makeCollector(directory) {
  const { FileStorage, MemoryStorage, MetricsCollector, PrometheusStorage } = ringmeter;
  const rules = [
    { record: 'soak:changing', expr: 'count_values("v", vector(time()))' },
    { alert: 'Soak', expr: 'soak_gauge > 0.5', for: '2s' },
  ];
  return new MetricsCollector({
    flushInterval: 500,
    defaultMetrics: true,
    rules: [{ name: 'soak', interval: 200, rules }],
    storage: [
      new MemoryStorage({ maxAge: 60, maxBytes: 8 * MIB }),
      new FileStorage({ directory, maxBytes: 8 * MIB, gzip: true }),
      new PrometheusStorage({ remoteWrite: { url: 'http://127.0.0.1:9/api/v1/write' }, queue: { maxBytes: 4 * MIB } }),
    ],
  });
}

/** @returns what ends each part of the load */
async function startLoad(collector) {
  const { url } = await collector.listen({ port: 0 });
  const requests = collector.counter('soak_requests_total');
  const server = http.createServer((_, response) => {
    requests.increment();
    response.end('ok');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = `http://127.0.0.1:${server.address().port}/`;
  const stream = http.get(new URL('/dashboard/stream', url), (response) => response.resume()).on('error', () => {});
  const churn = collector.gauge('soak_churn', { labelNames: ['id'], ttl: 5 });
  const gauge = collector.gauge('soak_gauge');
  let next = 0;
  return [
    every(5, () => get(own)),
    every(1_000, () => get(new URL('/metrics', url))),
    every(20, () => churn.set(next, { id: String(next++) })),
    every(3_000, () => gauge.set(Math.random())),
    every(5_000, startThread),
    () => stream.destroy(),
    () => server.close(),
  ];
}

function every(milliseconds, act) {
  const timer = setInterval(act, milliseconds);
  return () => clearInterval(timer);
}

function get(url) {
  http.get(url, (response) => response.resume()).on('error', () => {});
}

function startThread() {
  return new Worker(__filename).on('error', (error) => {
    throw error;
  });
}

/** @returns whether memory was flat after the warm-up */
async function measure() {
  report('warm-up', await sample(MINUTES * WARM_UP));
  const rises = report('then', await sample(MINUTES * (1 - WARM_UP)));
  const rising = Object.keys(rises).filter((kind) => !(rises[kind] <= MOST_RISE[kind]));
  const limits = rising.map((kind) => `${kind} (${MOST_RISE[kind]} MiB/min)`);
  process.stdout.write(limits.length === 0 ? 'flat\n' : `rises by more than it may: ${limits.join(', ')}\n`);
  return rising.length === 0;
}

async function sample(minutes) {
  const end = performance.now() + minutes * MINUTE_MS;
  const samples = [];
  while (performance.now() < end) {
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    samples.push({ minute: performance.now() / MINUTE_MS, rss, heapUsed, external, ...(await heapOfWorkers()) });
    await sleep(SAMPLE_MS);
  }
  return samples;
}

/** What the flush workers take for objects, where node can tell (from 22.16 and 24 on). */
async function heapOfWorkers() {
  const statistics = await Promise.all([...flushWorkers].map((worker) => worker.getHeapStatistics?.().catch(() => {})));
  if (!statistics.some(Boolean)) return {};
  return { heapOfWorkers: statistics.reduce((sum, one) => sum + (one?.used_heap_size ?? 0), 0) };
}

/** @returns by how many MiB each kind of memory rises per minute */
function report(phase, samples) {
  const rises = {};
  const texts = Object.keys(MOST_RISE).flatMap((kind) => {
    if (samples.some((one) => one[kind] === undefined)) return [];
    rises[kind] = riseOf(samples, kind);
    const at = (sample) => (sample[kind] / MIB).toFixed(1);
    return `${kind} ${at(samples[0])} to ${at(samples.at(-1))} MiB, ${rises[kind].toFixed(3)} MiB/min`;
  });
  process.stdout.write(`${phase}: ${texts.join('; ')}\n`);
  return rises;
}

/** The slope of the line through all samples, by least squares. */
function riseOf(samples, kind) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const minute = mean(samples.map((one) => one.minute));
  const bytes = mean(samples.map((one) => one[kind]));
  const covariance = mean(samples.map((one) => (one.minute - minute) * (one[kind] - bytes)));
  return covariance / mean(samples.map((one) => (one.minute - minute) ** 2)) / MIB;
}
