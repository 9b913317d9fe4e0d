import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import type { Contender, LabelledMetric, Library, Served } from '../contenders/contender';
import type { Load, LoadRequest } from '../load/generator';
import { Helper } from '../load/messages';
import type { Periodic, PeriodicRequest } from '../load/periodic-process';
import { fill, requestMetrics, seriesOfEach } from '../load/request-metrics';
import { type Scrape, type ScrapeRequest, scrape } from '../load/scraper';
import { mainThreadCpu } from '../measure/thread-cpu';
import type { Benchmark, Case, Outcome, Scale, Turn } from '../runner/benchmark';
import { checkMemory } from '../runner/limits';
import { labelsOf, randomBelow, VALUE_MASK, values } from '../workload';

/** What a server's clients notice of its metrics, while it is scraped every second. */
export const benchmark: Benchmark<ServerCase> = {
  name: 'latency-sensitive-server',
  about: 'latency at a constant rate and throughput at saturation, three records per request, scraped every second',
  cases,
  perform,
};

export type ServerCase = { framework: 'http' | 'fastify'; series: number; rate: number };

const CONTENDERS = ['none', 'scraped-beside', 'ringmeter', 'prom-client', 'prometheus-io', 'opentelemetry'];
/** Requests per second: below what a server without metrics can answer on the slowest machine that this is meant for. */
const RATES = { http: 4_000, fastify: 3_000 };
const SIZES = [20_000, 100_000];
const TIMES_MS = {
  full: { bare: 1_000, warm: 1_500, saturation: 3_000, latency: 10_000 },
  quick: { bare: 300, warm: 300, saturation: 600, latency: 1_100 },
};

function cases(contender: string, scale: Scale): Case<ServerCase>[] {
  if (!CONTENDERS.includes(contender)) return [];
  if (scale === 'quick')
    return contender === 'prometheus-io'
      ? []
      : [{ parameters: { framework: 'http', series: 20_000, rate: RATES.http }, seconds: 4 }];
  return (['http', 'fastify'] as const).flatMap((framework) =>
    SIZES.map((series) => ({
      parameters: { framework, series, rate: RATES[framework] },
      seconds: 19 + series / 20_000,
      mostRepetitions: series > 20_000 ? 3 : undefined,
    })),
  );
}

/** The server under test. */
interface Service {
  port: number;
  /** From now on a handler does this for its metrics, and is counted. */
  record(record: () => void): void;
  handled(): number;
  close(): Promise<void>;
}

/**
 * The server is warm before it has any series. Otherwise the full garbage collections that come with them find its code
 * while V8 is still learning about it, and what V8 forgets then is lost for good: `process.nextTick` alone takes 200 ns
 * instead of 40 from then on, several times per request. A server without metrics, whose heap is small, would be spared.
 */
async function perform(load: () => Contender, { framework, series, rate }: ServerCase, turn: Turn): Promise<Outcome> {
  const { bare, ...times } = TIMES_MS[turn.scale];
  const each = seriesOfEach(series);
  const service = await startService(framework);
  const generator = await Helper.start<LoadRequest, Load>('generator-process');
  const scraper = await Helper.start<PeriodicRequest, Periodic>('periodic-process');
  const outcome: Outcome = { figures: {}, wrong: [] };
  try {
    await generator.ask({ port: service.port, milliseconds: bare, rate: 0 });
    const contender = load();
    const library = await contender.open({ series: each });
    const metrics = requestMetrics(library);
    await fill(library, metrics, each);
    const scraped = await library.serve?.();
    service.record(recordRequest(metrics, each, library));
    if (scraped) await scraper.ask({ url: scraped.url });
    const { figures, answered } = await measure(generator, service, { ...times, rate });
    const { scrapes, bytes } = await scraper.ask({});
    checkMemory();
    outcome.figures = { server: { ...figures, scrapes, scrapedBytes: bytes } };
    const counts = { answered, handled: service.handled(), filled: each };
    outcome.wrong = await wrongTotals(contender.kinds.length > 0 ? scraped : undefined, library, counts);
    await scraped?.close();
    await library.close?.();
  } finally {
    generator.end();
    scraper.end();
    await service.close();
  }
  return outcome;
}

async function measure(
  generator: Helper<LoadRequest, Load>,
  { port, handled }: Service,
  { warm, saturation, latency, rate }: Record<'warm' | 'saturation' | 'latency' | 'rate', number>,
) {
  const warmed = await generator.ask({ port, milliseconds: warm, rate: 0 });
  const before = { cpu: mainThreadCpu(), handled: handled() };
  const saturated = await generator.ask({ port, milliseconds: saturation, rate: 0 });
  const cpuMicroseconds = (1000 * (mainThreadCpu() - before.cpu)) / (handled() - before.handled);
  const steady = await generator.ask({ port, milliseconds: latency, rate });
  const { p50, p99, p999, max, generatorLate } = steady;
  const figures = { saturated: saturated.perSecond, cpuMicroseconds, p50, p99, p999, max, generatorLate };
  return { figures, answered: warmed.answered + saturated.answered + steady.answered };
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

async function startService(framework: ServerCase['framework']): Promise<Service> {
  let handled = 0;
  let record = (): void => {};
  const handle = (): typeof BODY => {
    handled++;
    record();
    return BODY;
  };
  const { port, close } = await (framework === 'http' ? startHttp(handle) : startFastify(handle));
  return {
    port,
    record: (wanted) => {
      handled = 0;
      record = wanted;
    },
    handled: () => handled,
    close,
  };
}

async function startHttp(handle: () => object): Promise<Pick<Service, 'port' | 'close'>> {
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

async function startFastify(handle: () => object): Promise<Pick<Service, 'port' | 'close'>> {
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
