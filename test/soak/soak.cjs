'use strict';
/*
 * Runs everything at once for a long time and tells whether memory stays flat: a server, scrapes, a dashboard stream, rules
 * whose labels change, files, remote write to a port that nobody listens on, series that come and go, threads that come and
 * go. RINGMETER_SOAK_MINUTES sets how long (default 120). Exits 1 if the memory of a phase grows.
 */
const { mkdtempSync, rmSync } = require('node:fs');
const http = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { isMainThread, Worker } = require('node:worker_threads');

const ringmeter = require(join(__dirname, '..', '..'));

const MINUTES = Number(process.env.RINGMETER_SOAK_MINUTES ?? 120);
const MINUTE_MS = 60_000;
const MIB = 2 ** 20;
/** Shares of the time. Memory may grow in the first: caches, queues and rings fill. */
const PHASES = [
  { name: 'warm-up', share: 0.4, mayGrow: true },
  { name: 'first half', share: 0.3, mayGrow: false },
  { name: 'second half', share: 0.3, mayGrow: false },
];
/** By how much a phase may grow: noise of the allocator, not a leak. */
const MOST_GROWTH = { share: 0.05, bytes: 8 * MIB };
const KINDS = ['rss', 'heapUsed', 'external'];

if (isMainThread) main();
else recordForAMoment();

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

/** @returns whether all phases that must be flat were */
async function measure() {
  let isFlat = true;
  for (const { name, share, mayGrow } of PHASES) {
    const minutes = MINUTES * share;
    const samples = await sample(minutes * MINUTE_MS);
    const grown = KINDS.map((kind) => growth(samples, kind)).filter((one) => !one.isFlat);
    process.stdout.write(`${name}: ${KINDS.map((kind) => growth(samples, kind).text).join(', ')}\n`);
    if (grown.length > 0 && !mayGrow) isFlat = false;
  }
  process.stdout.write(isFlat ? 'flat\n' : 'not flat\n');
  return isFlat;
}

async function sample(duration) {
  const end = performance.now() + duration;
  const step = Math.min(5_000, duration / 20);
  const samples = [];
  while (performance.now() < end) {
    globalThis.gc?.();
    samples.push({ minute: performance.now() / MINUTE_MS, ...process.memoryUsage() });
    await sleep(step);
  }
  return samples;
}

/** The slope of the line through all samples, by least squares. */
function growth(samples, kind) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const minute = mean(samples.map((one) => one.minute));
  const bytes = mean(samples.map((one) => one[kind]));
  const covariance = mean(samples.map((one) => (one.minute - minute) * (one[kind] - bytes)));
  const slope = covariance / mean(samples.map((one) => (one.minute - minute) ** 2));
  const total = slope * (samples.at(-1).minute - samples[0].minute);
  return {
    isFlat: total <= Math.max(bytes * MOST_GROWTH.share, MOST_GROWTH.bytes),
    text: `${kind} ${(bytes / MIB).toFixed(1)} MiB ${slope < 0 ? '' : '+'}${(slope / MIB).toFixed(2)} MiB/min`,
  };
}
