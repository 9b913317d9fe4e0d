/**
 * Shows that metrics are served while the service they are about is blocked.
 *
 *     npm run demo              leaves the service running
 *     npm run demo -- --once    ends after the summary; exit code 1 if a check failed
 *
 * Three processes: this one scrapes and prints, one is the service, one puts load on it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once as event } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { aborted, once, stopSignal } from '../support/lifecycle';
import { LOAD_ROUTES, type LoadProgress, type ServiceReady } from './messages';
import { closeConnections, histogramQuantile, type Timed, timedGet } from './scrape';
import { bold, count, duration, green, header, red, row } from './screen';
import { countedIn, Watch } from './watch';

/** Load before the block, and again after it. */
const CALM_MS = Number(process.env.DEMO_CALM_MS ?? 2_750);
const BLOCK_MS = 2_000;
const ROW_MS = 500;
/** A scrape during the block that takes longer than this fails the demo. */
const SLOWEST_SCRAPE_MS = 250;
const INDENT = ' '.repeat(9);
/** How long the last requests may take to show in a scrape. */
const SETTLE_MS = 3_000;

async function main(): Promise<void> {
  const service = child('service.ts', [String(await freePort(8080)), String(await freePort(9464))]);
  const [{ serviceUrl, metricsUrl }] = (await event(service, 'message')) as [ServiceReady];
  console.log(`\n${bold('service')}  ${serviceUrl}/\n${bold('metrics')}  ${metricsUrl}\n`);

  const outcome = await measure(serviceUrl, metricsUrl);
  const passed = report(outcome);
  closeConnections();
  if (!passed) process.exitCode = 1;
  if (!once) {
    console.log(`\nThe service goes on: ${bold(metricsUrl)}\nCtrl-C ends it.`);
    await aborted(stopSignal());
  }
  service.disconnect();
  await event(service, 'exit');
}

/** A process of the demo's. It ends when this one does. */
function child(file: string, args: string[]): ChildProcess {
  const process_ = fork(join(__dirname, file), args);
  process_.once('exit', (code) => {
    if (code !== 0) throw new Error(`${file} ended with code ${code}`);
  });
  return process_;
}

/** `wanted` if nobody has it, or 0. */
async function freePort(wanted: number): Promise<number> {
  const probe = createServer();
  const free = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(wanted, '127.0.0.1', () => resolve(true));
  });
  if (free) await new Promise((resolve) => probe.close(resolve));
  return free ? wanted : 0;
}

interface Outcome {
  load: LoadProgress;
  /** The last scrape, when all is settled. */
  last: string;
  scrapes: readonly Timed[];
  serviceAnswers: readonly Timed[];
  /** When the event loop was blocked, by the wall clock. */
  block: { began: number; ended: number };
}

async function measure(serviceUrl: string, metricsUrl: string): Promise<Outcome> {
  const loader = child('load.ts', [serviceUrl]);
  let load: LoadProgress = { answered: 0, failed: 0, done: false };
  loader.on('message', (progress) => {
    load = progress as LoadProgress;
  });
  const scrapes = new Watch(metricsUrl);
  const answers = new Watch(`${serviceUrl}/healthz`);
  const rows = printRows(() => load, scrapes, answers);

  await pause(CALM_MS);
  console.log(red(`${INDENT}GET /report: a handler blocks the event loop of the service for ${duration(BLOCK_MS)}`));
  const { body } = await timedGet(`${serviceUrl}/report?ms=${BLOCK_MS}`);
  console.log(red(`${INDENT}the handler has returned`));
  await pause(CALM_MS);

  const ended = event(loader, 'exit');
  loader.send('stop');
  await ended;
  rows.stop();
  await Promise.all([scrapes.stop(), answers.stop()]);
  const last = await settled(metricsUrl, load.answered);
  return { load, last, scrapes: scrapes.answers, serviceAnswers: answers.answers, block: JSON.parse(body) };
}

function printRows(load: () => LoadProgress, scrapes: Watch, answers: Watch): { stop: () => void } {
  console.log(header());
  const began = performance.now();
  let shown = 0;
  let answered = 0;
  let at = began;
  const timer = setInterval(() => {
    const now = performance.now();
    const progress = load();
    console.log(
      row({
        seconds: (now - began) / 1000,
        rate: ((progress.answered - answered) * 1000) / (now - at),
        service: answers.latency,
        scrapes: scrapes.answers.slice(shown).map(({ milliseconds }) => milliseconds),
        answered: progress.answered,
        counted: countedIn(scrapes.answers.at(-1)?.body ?? ''),
      }),
    );
    shown = scrapes.answers.length;
    answered = progress.answered;
    at = now;
  }, ROW_MS);
  return { stop: () => clearInterval(timer) };
}

/** Scrapes until everything that was answered is counted, which takes some milliseconds, or until patience ends. */
async function settled(metricsUrl: string, answered: number): Promise<string> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const { body } = await timedGet(metricsUrl);
    if (countedIn(body) >= answered || performance.now() > deadline) return body;
    await pause(20);
  }
}

/** @returns whether all is as it should be */
function report({ load, last, scrapes, serviceAnswers, block }: Outcome): boolean {
  const counted = countedIn(last);
  const equal = counted === load.answered && load.failed === 0;
  const during = scrapes.filter(({ began }) => began >= block.began && began < block.ended);
  const slowest = (answers: readonly Timed[]): number => Math.max(...answers.map(({ milliseconds }) => milliseconds));
  const alive = during.length > 0 && slowest(during) <= SLOWEST_SCRAPE_MS;
  const verdict = (good: boolean, text: string): string => (good ? green(`ok: ${text}`) : red(`FAILED: not ${text}`));
  const quantile = (q: number): string =>
    duration(1000 * histogramQuantile(last, 'http_request_duration_seconds', LOAD_ROUTES, q));

  const lines: [string, string][] = [
    ['requests answered, says the load generator', count(load.answered)],
    ['requests counted, says /metrics', `${count(counted).padEnd(10)}  ${verdict(equal, 'equal')}`],
    ['requests that failed', count(load.failed)],
    ['time to answer, from the histogram', `p50 ${quantile(0.5)}, p99 ${quantile(0.99)} (inside the handlers)`],
    ['slowest answer of the service', duration(slowest(serviceAnswers))],
    ['scrapes', `${scrapes.length}, the slowest took ${duration(slowest(scrapes))}`],
    [
      `scrapes during the block of ${duration(block.ended - block.began)}`,
      `${during.length}, the slowest took ${duration(slowest(during))}  ${verdict(alive, `all within ${SLOWEST_SCRAPE_MS} ms`)}`,
    ],
  ];
  console.log();
  for (const [what, is] of lines) console.log(`  ${what.padEnd(44)}${is}`);
  return equal && alive;
}

void main();
