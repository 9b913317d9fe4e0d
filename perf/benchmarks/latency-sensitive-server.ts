import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import type { Contender, LabelledMetric, Library, Served } from '../contenders/contender';
import type { Load, LoadRequest } from '../load/generator';
import { Helper } from '../load/messages';
import type { Periodic, PeriodicRequest } from '../load/periodic-process';
import { fill, requestMetrics, seriesOfEach } from '../load/request-metrics';
import { type Scrape, type ScrapeRequest, scrape } from '../load/scraper';
import { quantile, sum } from '../measure/statistics';
import { mainThreadCpu } from '../measure/thread-cpu';
import type { Benchmark, Case, Outcome, Rest, Scale, Turn } from '../runner/benchmark';
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

const CONTENDERS = {
  full: ['none', 'scraped-beside', 'floor', 'ringmeter', 'prom-client', 'prometheus-io', 'opentelemetry'],
  quick: ['none', 'scraped-beside', 'ringmeter', 'prom-client', 'opentelemetry'],
};
/** Requests per second: below what a server without metrics can answer on the slowest machine that this is meant for. */
const RATES = { http: 4_000, fastify: 3_000 };
const SIZES = [20_000, 100_000];
/** Milliseconds of each part, and how often the last three come round: everybody's turns lie close to one another then. */
const TIMES = {
  full: { bare: 1_000, warm: 1_500, rounds: 5, again: 300, saturation: 800, latency: 3_000 },
  quick: { bare: 300, warm: 300, rounds: 1, again: 100, saturation: 600, latency: 1_100 },
};

function cases(contender: string, scale: Scale): Case<ServerCase>[] {
  if (!CONTENDERS[scale].includes(contender)) return [];
  const legs = 1 + TIMES[scale].rounds;
  if (scale === 'quick')
    return [{ parameters: { framework: 'http', series: 20_000, rate: RATES.http }, seconds: 4, legs }];
  return (['http', 'fastify'] as const).flatMap((framework) =>
    SIZES.map((series) => ({
      parameters: { framework, series, rate: RATES[framework] },
      seconds: 25 + series / 20_000,
      mostRepetitions: series > 20_000 ? 2 : 3,
      legs,
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
async function perform(
  load: () => Contender,
  { framework, series, rate }: ServerCase,
  turn: Turn,
  rest: Rest,
): Promise<Outcome> {
  const times = TIMES[turn.scale];
  const each = seriesOfEach(series);
  const service = await startService(framework);
  const generator = await Helper.start<LoadRequest, Load>('generator-process');
  const scraper = await Helper.start<PeriodicRequest, Periodic>('periodic-process');
  const outcome: Outcome = { figures: {}, wrong: [] };
  try {
    await generator.ask({ port: service.port, milliseconds: times.bare, rate: 0 });
    const contender = load();
    const library = await contender.open({ series: each });
    const metrics = requestMetrics(library);
    await fill(library, metrics, each);
    const scraped = await library.serve?.();
    await library.settle?.();
    service.record(recordRequest(metrics, each, library));
    const whileScraped = async <T>(action: () => Promise<T>): Promise<T> => {
      if (scraped) await scraper.ask({ url: scraped.url });
      const result = await action();
      await scraper.ask({});
      return result;
    };
    const warmed = await whileScraped(() => generator.ask({ port: service.port, milliseconds: times.warm, rate: 0 }));
    const rounds: Round[] = [];
    while (rounds.length < times.rounds) {
      await rest();
      rounds.push(await whileScraped(() => measure(generator, service, { ...times, rate })));
    }
    const { scrapes, bytes } = await scraper.ask({});
    checkMemory();
    outcome.figures = { server: { ...figuresOf(rounds), scrapes, scrapedBytes: bytes } };
    const answered = warmed.answered + sum(rounds.map((round) => round.answered));
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

/** What one round saw. */
interface Round {
  answered: number;
  saturated: Load;
  steady: Load;
  /** At saturation: milliseconds of processor time of the serving thread, and requests that it handled in them. */
  cpu: number;
  handled: number;
}

async function measure(
  generator: Helper<LoadRequest, Load>,
  { port, handled }: Service,
  { again, saturation, latency, rate }: Record<'again' | 'saturation' | 'latency' | 'rate', number>,
): Promise<Round> {
  const warmed = await generator.ask({ port, milliseconds: again, rate: 0 });
  const before = { cpu: mainThreadCpu(), handled: handled() };
  const saturated = await generator.ask({ port, milliseconds: saturation, rate: 0 });
  const spent = { cpu: mainThreadCpu() - before.cpu, handled: handled() - before.handled };
  const steady = await generator.ask({ port, milliseconds: latency, rate });
  return { answered: warmed.answered + saturated.answered + steady.answered, saturated, steady, ...spent };
}

function figuresOf(rounds: readonly Round[]): Record<string, number> {
  const total = (of: (round: Round) => number): number => sum(rounds.map(of));
  const latencies = rounds.flatMap(({ steady }) => steady.latencies);
  return {
    saturated: (1000 * total(({ saturated }) => saturated.answered)) / total(({ saturated }) => saturated.took),
    cpuMicroseconds: (1000 * total(({ cpu }) => cpu)) / total(({ handled }) => handled),
    p50: quantile(0.5, latencies),
    p99: quantile(0.99, latencies),
    p999: quantile(0.999, latencies),
    max: quantile(1, latencies),
    generatorLate: Math.max(...rounds.map(({ steady }) => steady.generatorLate)),
  };
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
