import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Kind, Library } from '../contenders/contender';
import { Helper } from '../load/messages';
import type { Scrape, ScrapeRequest } from '../load/scraper';
import { residentNow, watchPeak } from '../measure/resident';
import type { Benchmark, Case, Outcome, Scale } from '../runner/benchmark';
import { within } from '../runner/limits';
import { everySeries, labelsOf } from '../workload';

/** Bytes that a series takes, of the process and of V8's heap; and what a scrape takes besides. */
export const benchmark: Benchmark<MemoryCase> = {
  name: 'memory',
  about: 'bytes per series in memory and on the heap, and memory before, during and after a scrape',
  cases,
  perform,
};

export type MemoryCase = {
  kind: Kind;
  series: number;
  /**
   * Whether handles are kept, as those do who resolve a series once; and then let go, which leaves what the library keeps
   * itself. Otherwise label objects are given with each record.
   */
  bound: boolean;
  scraped: boolean;
};

const CONTENDERS = {
  full: ['ringmeter', 'prom-client', 'prometheus-io', 'opentelemetry'],
  quick: ['ringmeter', 'prom-client', 'opentelemetry'],
};
const SIZES = { full: [10, 100, 1_000, 10_000, 100_000, 1_000_000], quick: [20_000] };
/** Every kind is measured at this number of series. */
const MAIN_SIZE = { full: 100_000, quick: 20_000 };
/** A peer's summary takes kilobytes. */
const FEW = 10_000;

function cases(contender: string, scale: Scale): Case<MemoryCase>[] {
  if (!CONTENDERS[scale].includes(contender)) return [];
  const series = MAIN_SIZE[scale];
  const otel = contender === 'opentelemetry';
  const all: MemoryCase[] = [
    ...SIZES[scale].map((size) => ({ kind: 'counter' as const, series: size, bound: false, scraped: size === series })),
    { kind: 'histogram', series, bound: false, scraped: true },
    ...(otel ? [] : [{ kind: 'summary' as const, series: FEW, bound: false, scraped: false }]),
    ...(otel ? [] : [{ kind: 'counter' as const, series, bound: true, scraped: false }]),
  ];
  return all.map((parameters) => ({
    parameters,
    seconds: 1.5 + parameters.series / 60_000,
    mostRepetitions: parameters.series > 100_000 ? 3 : undefined,
  }));
}

const NAME = 'kept';

async function perform(load: () => Contender, { kind, series, bound, scraped }: MemoryCase): Promise<Outcome> {
  const library = await load().open({ series });
  const metric = library.labelled(kind, NAME);
  metric.record(labelsOf(0), 1);
  const served = await library.serve!();
  const scraper = await Helper.start<ScrapeRequest, Scrape>('scraper-process');
  try {
    const request = { url: served.url, gzip: false };
    // everything is loaded and has been used once
    await scraper.ask(request);
    const all = everySeries(series);
    const before = await take(library);
    // handles are kept here until the memory has been read
    const kept = { run: bound ? metric.bind!(series) : metric.run };
    await within(series, (from, to) => kept.run(all.subarray(from, to)));
    const after = await take(library);
    kept.run = metric.run;
    const letGo = bound ? await take(library) : undefined;
    const outcome: Outcome = {
      figures: {
        'per series': {
          residentBytes: (after.resident - before.resident) / series,
          heapBytes: (after.heap - before.heap) / series,
          ...(letGo && { letGoBytes: (letGo.heap - before.heap) / series }),
        },
        process: { before: before.resident, after: after.resident },
      },
      wrong: [],
    };
    if (scraped) outcome.figures.scrape = await ofScrape(scraper, request, after.resident);
    const { count } = await metric.read();
    const expected = series + 1;
    if (kind !== 'gauge' && count !== expected) outcome.wrong.push(`${expected} recorded, ${count} read back`);
    await served.close();
    await library.close?.();
    return outcome;
  } finally {
    scraper.end();
  }
}

async function take(library: Library): Promise<{ resident: number; heap: number }> {
  await library.settle?.();
  await sleep(50);
  const resident = residentNow();
  return { resident, heap: process.memoryUsage().heapUsed };
}

/** The most that a scrape has in memory beyond what was there before, and what is left of it afterwards. */
async function ofScrape(scraper: Helper<ScrapeRequest, Scrape>, request: ScrapeRequest, before: number) {
  const peak = watchPeak();
  const { textBytes } = await scraper.ask(request);
  const most = peak();
  await sleep(50);
  return { before, peak: most, after: residentNow(), peakAbove: Math.max(most - before, 0), textBytes };
}
