import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders/contender';
import { Helper } from '../load/messages';
import type { Scrape, ScrapeRequest } from '../load/scraper';
import { type Gap, GapWatch } from '../measure/gaps';
import { median } from '../measure/statistics';
import type { Benchmark, Case, Outcome, Scale, Turn } from '../runner/benchmark';
import { Threads } from '../threads/threads';

/** One scrape of what several worker threads have recorded into the same series. */
export const benchmark: Benchmark<SumCase> = {
  name: 'sum-over-threads',
  about: 'a scrape of counters that worker threads recorded, added up: total time, gap of every event loop',
  cases,
  perform,
};

export type SumCase = { threads: number; series: number };

/** The OpenTelemetry SDK has no way to add up threads. */
const CONTENDERS = ['ringmeter', 'prom-client', 'prometheus-io'];
const SCRAPES = { full: 7, quick: 3 };

function cases(contender: string, scale: Scale): Case<SumCase>[] {
  if (!CONTENDERS.includes(contender)) return [];
  return [{ parameters: { threads: 4, series: 5_000 }, seconds: scale === 'full' ? 3 : 2 }];
}

const NAME = 'summed_total';

async function perform(load: () => Contender, { threads: count, series }: SumCase, turn: Turn): Promise<Outcome> {
  const library = await load().open({ series });
  const { contender } = turn;
  const { handle } = library;
  const threads = await Threads.start(count, { contender, handle, kind: 'counter', name: NAME, series });
  const served = await library.serveSum!(threads.workers);
  const scraper = await Helper.start<ScrapeRequest, Scrape>('scraper-process');
  const watch = new GapWatch();
  const outcome: Outcome = { figures: {}, wrong: [] };
  const seen: { total: number; main: Gap; thread: Gap }[] = [];
  try {
    for (let scrapes = 1; scrapes <= SCRAPES[turn.scale]; scrapes++) {
      await threads.ask({ everySeries: true });
      await library.settle?.();
      await threads.ask({ watch: true });
      await sleep(20);
      watch.take();
      const { total, totals } = await scraper.ask({ url: served.url, gzip: false });
      const main = watch.take();
      const gaps = await threads.ask({ watch: false });
      const ofThreads = (of: keyof Gap): number => median(gaps.map(({ gap }) => gap![of]));
      seen.push({ total, main, thread: { ms: ofThreads('ms'), ownMs: ofThreads('ownMs') } });
      const expected = scrapes * count * series;
      if (totals[NAME] !== expected) outcome.wrong.push(`${expected} recorded, ${totals[NAME]} scraped`);
    }
    const later = seen.slice(1);
    const gapOf = (whose: 'main' | 'thread'): Record<string, number> => ({
      gapMs: median(later.map((one) => one[whose].ms)),
      ownGapMs: median(later.map((one) => one[whose].ownMs)),
    });
    const ms = median(later.map(({ total }) => total));
    outcome.figures = { scrape: { ms }, main: gapOf('main'), thread: gapOf('thread') };
  } finally {
    watch.end();
    scraper.end();
  }
  await threads.end();
  await served.close();
  await library.close?.();
  return outcome;
}
