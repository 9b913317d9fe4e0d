import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders/contender';
import { scrape } from '../load/scraper';
import type { Benchmark, Case, Outcome, Scale, Turn } from '../runner/benchmark';
import { labelsOf } from '../workload';

/** What a program pays before it serves, and while it does nothing. */
export const benchmark: Benchmark<StartCase> = {
  name: 'start-up-and-idle',
  about: 'milliseconds to load, to the first record, to the first scrape; processor time of an idle process',
  cases,
  perform,
};

export type StartCase = Record<string, never>;

const CONTENDERS = {
  full: ['none', 'ringmeter', 'prom-client', 'prometheus-io', 'opentelemetry'],
  quick: ['none', 'ringmeter', 'prom-client', 'opentelemetry'],
};
const IDLE_MS = { full: 5_000, quick: 1_000 };
/** What V8 does about the garbage of a start goes on for ten seconds and more. */
const SETTLE_MS = { full: 20_000, quick: 500 };

function cases(contender: string, scale: Scale): Case<StartCase>[] {
  if (!CONTENDERS[scale].includes(contender)) return [];
  return [{ parameters: {}, seconds: 1 + (SETTLE_MS[scale] + IDLE_MS[scale]) / 1000 }];
}

async function perform(load: () => Contender, _: StartCase, turn: Turn): Promise<Outcome> {
  const began = performance.now();
  const contender = load();
  const loaded = performance.now();
  const library = await contender.open({ series: 10 });
  const metric = library.labelled('counter', 'started');
  const opened = performance.now();
  metric.record(labelsOf(0), 1);
  const recorded = performance.now();
  const served = await library.serve?.();
  const outcome: Outcome = { figures: {}, wrong: [] };
  if (served !== undefined) {
    const { totals } = await scrape({ url: served.url, gzip: false });
    const count = totals.started ?? totals.started_total;
    if (count !== 1) outcome.wrong.push(`1 recorded, ${count} scraped`);
  }
  const scraped = performance.now();
  outcome.figures = {
    start: {
      loadMs: loaded - began,
      openMs: opened - loaded,
      firstRecordMs: recorded - loaded,
      firstScrapeMs: scraped - loaded,
      scrapedMs: scraped - began,
    },
    idle: { cpuPercent: await idle(SETTLE_MS[turn.scale], IDLE_MS[turn.scale]) },
  };
  await served?.close();
  await library.close?.();
  return outcome;
}

/** Percent of a processor that this process takes while it does nothing. */
async function idle(settle: number, milliseconds: number): Promise<number> {
  await sleep(settle);
  const began = performance.now();
  const before = process.cpuUsage();
  await sleep(milliseconds);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - began) / 0.01;
}
