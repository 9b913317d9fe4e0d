import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import type { Contender, LabelledMetric, Library, Served } from '../contenders/contender';
import type { Load, LoadRequest } from '../load/generator';
import { Helper } from '../load/messages';
import type { Periodic, PeriodicRequest } from '../load/periodic-process';
import { type Scrape, type ScrapeRequest, scrape } from '../load/scraper';
import type { Benchmark, Case, Outcome, Scale, Turn } from '../runner/benchmark';
import { checkMemory, within } from '../runner/limits';
import { everySeries, labelsOf, randomBelow, VALUE_MASK, values } from '../workload';

/** What a server's clients notice of its metrics, while it is scraped every second. */
export const benchmark: Benchmark<ServerCase> = {
  name: 'latency-sensitive-server',
  about: 'latency at a constant rate and throughput at saturation, three records per request, scraped every second',
  cases,
  perform,
};

export type ServerCase = { framework: 'http' | 'fastify'; series: number; rate: number };

const CONTENDERS = ['none', 'ringmeter', 'prom-client', 'prometheus-io', 'opentelemetry'];
/** Requests per second: below what a server without metrics can answer on the slowest machine that this is meant for. */
const RATES = { http: 4_000, fastify: 3_000 };
const SIZES = [20_000, 100_000];
const TIMES_MS = {
  full: { warm: 1_500, saturation: 3_000, latency: 10_000 },
  quick: { warm: 500, saturation: 700, latency: 2_000 },
};
/** Kinds of metrics that every request is recorded in. */
const RECORDS = ['counter', 'gauge', 'histogram'] as const;

function cases(contender: string, scale: Scale): Case<ServerCase>[] {
  if (!CONTENDERS.includes(contender)) return [];
  if (scale === 'quick')
    return contender === 'prometheus-io'
      ? []
      : [{ parameters: { framework: 'http', series: 20_000, rate: RATES.http }, seconds: 4.5 }];
  return (['http', 'fastify'] as const).flatMap((framework) =>
    SIZES.map((series) => ({
      parameters: { framework, series, rate: RATES[framework] },
      seconds: 18 + series / 20_000,
      mostRepetitions: series > 20_000 ? 3 : undefined,
    })),
  );
}

/** The server under test, with what it has recorded. */
interface Service {
  port: number;
  handled(): number;
  close(): Promise<void>;
}

async function perform(load: () => Contender, { framework, series, rate }: ServerCase, turn: Turn): Promise<Outcome> {
  const each = Math.floor(series / RECORDS.length);
  const library = await load().open({ series: each });
  const metrics = RECORDS.map((kind) => library.labelled(kind, `request_${kind}`));
  await fill(library, metrics, each);
  const service = await startService(framework, recordRequest(metrics, each, library));
  const scraped = await library.serve?.();
  const generator = await Helper.start<LoadRequest, Load>('generator-process');
  const scraper = await Helper.start<PeriodicRequest, Periodic>('periodic-process');
  const outcome: Outcome = { figures: {}, wrong: [] };
  try {
    const { warm, saturation, latency } = TIMES_MS[turn.scale];
    const { port } = service;
    if (scraped) await scraper.ask({ url: scraped.url });
    const loads = [
      await generator.ask({ port, milliseconds: warm, rate: 0 }),
      await generator.ask({ port, milliseconds: saturation, rate: 0 }),
      await generator.ask({ port, milliseconds: latency, rate }),
    ];
    const { scrapes, bytes } = await scraper.ask({});
    checkMemory();
    const [, { perSecond: saturated }, { p50, p99, p999, max, generatorLate }] = loads;
    outcome.figures = { server: { saturated, p50, p99, p999, max, generatorLate, scrapes, scrapedBytes: bytes } };
    const answered = loads.reduce((sum, one) => sum + one.answered, 0);
    outcome.wrong = await wrongTotals(scraped, library, { answered, handled: service.handled(), filled: each });
  } finally {
    generator.end();
    scraper.end();
  }
  await service.close();
  await scraped?.close();
  await library.close?.();
  return outcome;
}

/** Every series is there from the beginning. */
async function fill(library: Library, metrics: LabelledMetric[], series: number): Promise<void> {
  const all = everySeries(series);
  for (const metric of metrics)
    await within(series, async (from, to) => {
      metric.run(all.subarray(from, to));
      await library.settle?.();
    });
}

/** What a handler does for its metrics: one label object, three records. */
function recordRequest([requests, level, seconds]: LabelledMetric[], series: number, { serve }: Library): () => void {
  if (serve === undefined) return () => {};
  const next = randomBelow(series, 1);
  let i = 0;
  return () => {
    const labels = labelsOf(next());
    requests.record(labels, 1);
    level.record(labels, i);
    seconds.record(labels, values[i++ & VALUE_MASK]);
  };
}

const BODY = {
  orders: [
    { id: 1, state: 'sent' },
    { id: 2, state: 'paid' },
  ],
};

async function startService(framework: ServerCase['framework'], record: () => void): Promise<Service> {
  let handled = 0;
  const handle = (): typeof BODY => {
    handled++;
    record();
    return BODY;
  };
  const { port, close } = await (framework === 'http' ? startHttp(handle) : startFastify(handle));
  return { port, handled: () => handled, close };
}

async function startHttp(handle: () => object): Promise<Omit<Service, 'handled'>> {
  const server = createServer((_, response) => {
    const body = JSON.stringify(handle());
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function startFastify(handle: () => object): Promise<Omit<Service, 'handled'>> {
  const server = fastify({ forceCloseConnections: true });
  server.get('/orders', async () => handle());
  await server.listen({ port: 0, host: '127.0.0.1' });
  return { port: (server.server.address() as AddressInfo).port, close: () => server.close() };
}

interface Counts {
  answered: number;
  handled: number;
  filled: number;
}

/** A last scrape must know of every request, and of every series that was there before. */
async function wrongTotals(scraped: Served | undefined, library: Library, { answered, handled, filled }: Counts) {
  // those that a saturated server had not answered in time were handled all the same
  const wrong = answered <= handled ? [] : [`${answered} answers, ${handled} requests handled`];
  if (scraped === undefined) return wrong;
  await library.settle?.();
  const request: ScrapeRequest = { url: scraped.url, gzip: false };
  const { totals }: Scrape = await scrape(request);
  const expected = handled + filled;
  const counter = totals.request_counter ?? totals.request_counter_total;
  if (counter !== expected) wrong.push(`${expected} requests counted, ${counter} scraped`);
  const observed = totals.request_histogram_count;
  if (observed !== expected) wrong.push(`${expected} durations observed, ${observed} scraped`);
  return wrong;
}
