import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Kind, Library } from '../contenders/contender';
import { Helper } from '../load/messages';
import type { Scrape, ScrapeRequest } from '../load/scraper';
import { GapWatch } from '../measure/gaps';
import { median } from '../measure/statistics';
import { mainThreadCpu } from '../measure/thread-cpu';
import type { Benchmark, Case, Outcome, Scale, Turn } from '../runner/benchmark';
import { checkMemory, within } from '../runner/limits';
import { everySeries } from '../workload';

/** What a scrape over HTTP takes, and for how long the thread that serves does nothing else. */
export const benchmark: Benchmark<ScrapeCase> = {
  name: 'scrape',
  about: 'a scrape by another process: total time, longest gap of the serving event loop, bytes, gzip on and off',
  cases,
  perform,
};

export type ScrapeCase = { kind: Kind; series: number; gzip: boolean };

const CASES: Record<Scale, ScrapeCase[]> = {
  full: [
    ...[10, 100, 1_000, 10_000, 100_000, 1_000_000].map((series) => of('counter', series)),
    ...[10_000, 100_000].map((series) => of('histogram', series)),
    { ...of('counter', 100_000), gzip: true },
    { ...of('histogram', 10_000), gzip: true },
  ],
  quick: [of('counter', 1_000), of('counter', 20_000)],
};
const CONTENDERS = ['floor', 'ringmeter', 'prom-client', 'prometheus-io', 'opentelemetry'];
const LATER_SCRAPES = { full: 5, quick: 2 };

function of(kind: Kind, series: number): ScrapeCase {
  return { kind, series, gzip: false };
}

function cases(contender: string, scale: Scale): Case<ScrapeCase>[] {
  if (!CONTENDERS.includes(contender)) return [];
  // the floor is what the transfer takes: compressing is the library's own work
  const wanted = CASES[scale].filter(({ gzip }) => !(gzip && contender === 'floor'));
  return wanted.map((parameters) => ({
    parameters,
    seconds: secondsOf(parameters),
    mostRepetitions: parameters.series > 100_000 ? 3 : undefined,
  }));
}

function secondsOf({ kind, series }: ScrapeCase): number {
  return 1 + (series * (kind === 'histogram' ? 10 : 1)) / 50_000;
}

/** What is read of one scrape. */
interface Observed extends Scrape {
  /** Milliseconds. */
  gap: number;
  /** Of it, not waiting for a processor. */
  ownGap: number;
  /** Milliseconds of processor time of the serving thread. */
  cpu: number;
}

const NAME = 'scraped';

async function perform(load: () => Contender, { kind, series, gzip }: ScrapeCase, turn: Turn): Promise<Outcome> {
  const library = await load().open({ series });
  const metric = library.labelled(kind, NAME);
  const served = await library.serve!();
  const scraper = await Helper.start<ScrapeRequest, Scrape>('scraper-process');
  const watch = new GapWatch();
  const observed: Observed[] = [];
  const outcome: Outcome = { figures: {}, wrong: [] };
  const all = everySeries(series);
  try {
    for (let scrapes = 1; scrapes <= 1 + LATER_SCRAPES[turn.scale]; scrapes++) {
      // every series changes between two scrapes: nothing can be answered from before
      await within(series, (from, to) => metric.run(all.subarray(from, to)));
      const one = await observe(library, scraper, { url: served.url, gzip }, watch);
      observed.push(one);
      const wrong = totalIsWrong(one.totals, kind, series * scrapes);
      if (wrong !== undefined) outcome.wrong.push(`scrape ${scrapes}: ${wrong}`);
      checkMemory();
    }
    outcome.figures = figuresOf(observed, await idleGap(watch, observed));
  } finally {
    watch.end();
    scraper.end();
  }
  await served.close();
  await library.close?.();
  return outcome;
}

async function observe(
  library: Library,
  scraper: Helper<ScrapeRequest, Scrape>,
  request: ScrapeRequest,
  watch: GapWatch,
): Promise<Observed> {
  await library.settle?.();
  globalThis.gc?.();
  await sleep(20);
  watch.take();
  const cpu = mainThreadCpu();
  const scrape = await scraper.ask(request);
  const { ms: gap, ownMs: ownGap } = watch.take();
  return { ...scrape, gap, ownGap, cpu: mainThreadCpu() - cpu };
}

/** The longest gap while nobody asks for anything, for as long as a later scrape took. */
async function idleGap(watch: GapWatch, [, ...later]: Observed[]): Promise<number> {
  const times = later.map(({ total }) => total);
  await sleep(20);
  watch.take();
  await sleep(median(times));
  return watch.take().ms;
}

function figuresOf([first, ...later]: Observed[], idle: number): Outcome['figures'] {
  const mid = (of: (one: Observed) => number): number => median(later.map(of));
  return {
    first: { ms: first.total, gapMs: first.gap, ownGapMs: first.ownGap, cpuMs: first.cpu },
    later: {
      ms: mid(({ total }) => total),
      gapMs: mid(({ gap }) => gap),
      ownGapMs: mid(({ ownGap }) => ownGap),
      cpuMs: mid(({ cpu }) => cpu),
      idleGapMs: idle,
      bytes: mid(({ bytes }) => bytes),
      textBytes: mid(({ textBytes }) => textBytes),
    },
  };
}

/** Names of sums differ: counters may have `_total` added. */
function totalIsWrong(totals: Record<string, number>, kind: Kind, expected: number): string | undefined {
  const names = kind === 'counter' ? [NAME, `${NAME}_total`] : [`${NAME}_count`];
  const found = names.map((name) => totals[name]).find((total) => total !== undefined);
  return found === expected ? undefined : `${expected} recorded, ${found} scraped`;
}
