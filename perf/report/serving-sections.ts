import type { Parameters } from '../runner/benchmark';
import { casesOf, cell, libraries, peerRatio, present } from './columns';
import { count, NOTHING, plural, table, times, withSpread } from './format';
import { PEERS, type Query, type Suite } from './suite';

const SCRAPE = 'scrape';

export function scrapeSection(suite: Suite): string {
  return [
    'A GET by another process on a connection that it keeps, as Prometheus does; while the clock runs it only receives, and',
    'reads afterwards. Every series has changed since the scrape before. Peers answer from the main thread (`node:http`, as',
    'their documentation shows), ringmeter from `listen()`. The transfer alone is the same bytes, made ready before they are',
    'asked for, from a bare `node:http` server in a worker thread: nobody can be faster. Each contender is left out where it',
    'takes more than 4 GB or a minute. Milliseconds until the last byte, of scrapes after the first:',
    '',
    scrapes(suite, 'later', 'ms', true),
    '',
    'The first scrape, which opens the connection:',
    '',
    scrapes(suite, 'first', 'ms', true),
    '',
    "The longest gap in the main thread's event loop during a later scrape, in milliseconds: how late a 1 ms timer comes at",
    "worst. It is also late when the operating system gives the processor to others: ringmeter's gap of the same length of",
    'time without a scrape stands beside.',
    '',
    gaps(suite),
    '',
    "Processor time of the main thread for a later scrape, in milliseconds (from the kernel's accounts, on Linux):",
    '',
    scrapes(suite, 'later', 'cpuMs', false),
    '',
    'Bytes over the wire, in thousands:',
    '',
    scrapes(suite, 'later', 'bytes', false, 1e-3),
  ].join('\n');
}

function shown({ kind, series, gzip }: Parameters): string {
  return `${plural(Number(series), String(kind))}${gzip ? ', gzip' : ''}`;
}

function scrapes(suite: Suite, row: string, column: string, compared: boolean, scale = 1): string {
  const { contenders, titles } = libraries(suite, SCRAPE);
  const comparison = ['transfer alone', 'ringmeter − transfer', 'ringmeter / transfer', 'fastest peer / ringmeter'];
  return table([
    ['', ...titles, ...(compared ? comparison : [])],
    ...casesOf<Parameters>(suite, SCRAPE).map((parameters) => {
      const query = (contender: string) => ({ benchmark: SCRAPE, contender, parameters, row, column });
      const cells = contenders.map((contender) => cell(suite, query(contender), scale));
      return [shown(parameters), ...cells, ...(compared ? besideTransfer(suite, query) : [])];
    }),
  ]);
}

function besideTransfer(suite: Suite, query: (contender: string) => Query): string[] {
  const [own, transfer] = [query('ringmeter'), query('floor')];
  const beyond = suite.difference(own, transfer);
  return [
    cell(suite, transfer),
    beyond === undefined ? NOTHING : withSpread(beyond),
    times(suite.ratio(own, transfer)),
    peerRatio(suite, query('')),
  ];
}

function gaps(suite: Suite): string {
  const { contenders, titles } = libraries(suite, SCRAPE);
  return table([
    ['', ...titles, 'ringmeter, not waiting for a processor', 'ringmeter, no scrape'],
    ...casesOf<Parameters>(suite, SCRAPE).map((parameters) => {
      const query = (contender: string, column: string) => ({
        benchmark: SCRAPE,
        contender,
        parameters,
        row: 'later',
        column,
      });
      const cells = contenders.map((contender) => cell(suite, query(contender, 'gapMs')));
      const own = cell(suite, query('ringmeter', 'ownGapMs'));
      return [shown(parameters), ...cells, own, cell(suite, query('ringmeter', 'idleGapMs'))];
    }),
  ]);
}

const SERVER = 'latency-sensitive-server';
const COLUMNS = ['p50', 'p99', 'p999', 'max', 'saturated', 'cpuMicroseconds'] as const;
/** No metrics, but the label objects and a scraper. */
const BESIDE = 'scraped-beside';
const HEADINGS = {
  p50: 'p50, ms',
  p99: 'p99, ms',
  p999: 'p99.9, ms',
  max: 'max, ms',
  saturated: 'saturation, requests/s',
  cpuMicroseconds: 'serving thread per request, µs',
};

export function serverSection(suite: Suite): string {
  const tables = casesOf<Parameters>(suite, SERVER).flatMap((parameters) => ['', ...oneServer(suite, parameters)]);
  return [
    'Three records with label objects per request (counter, gauge, 11-bucket histogram), a third of the series each, all',
    'touched at random, and a scrape every second by another process. Requests come at a constant rate from a third one, over',
    '64 connections; latency counts from when a request was due, also if no connection was free for it, so that a server which',
    'stops pays for every request that it keeps waiting (no coordinated omission). Saturation: every connection sends its',
    'next request when it has its answer. `generator late` is the longest that the load generator itself was late, which is',
    "not in the latencies. Processor time of the serving thread per request is that at saturation (from the kernel's",
    'accounts, on Linux): it does not depend on how much of a processor others leave it. The servers of all contenders are up',
    'at once and are measured in turn, in rounds of a few seconds; those whose turn it is not are idle and not scraped.',
    '',
    '`no metrics, a scraper beside it` is what is around the metrics of any library: the handler makes the label object, and',
    'the scraper fetches as many bytes each second from a process that does nothing else. On few processors it takes turns',
    "with the server; what is above that row is a library's own. The floor is three nested maps and a typed array for each",
    'metric: no checks, no other thread may look, and a thread that has the text ready before it is asked.',
    ...tables,
  ].join('\n');
}

function oneServer(suite: Suite, parameters: Parameters): string[] {
  const contenders = present(suite, SERVER, ['none', BESIDE, 'floor', 'ringmeter', ...PEERS]);
  const query = (contender: string, column: string) => ({
    benchmark: SERVER,
    contender,
    parameters,
    row: 'server',
    column,
  });
  const rows = contenders.map((contender) => [
    suite.title(SERVER, contender),
    ...COLUMNS.map((column) => cell(suite, query(contender, column))),
    cell(suite, query(contender, 'generatorLate')),
    cell(suite, query(contender, 'scrapes')),
  ]);
  const ratioRow = (contender: string, base: string) => [
    `${suite.title(SERVER, contender)} / ${suite.title(SERVER, base)}`,
    ...COLUMNS.map((column) => times(suite.ratio(query(contender, column), query(base, column)))),
    '',
    '',
  ];
  const ratios = contenders.slice(1).map((contender) => ratioRow(contender, 'none'));
  for (const base of present(suite, SERVER, [BESIDE, 'floor'])) ratios.push(ratioRow('ringmeter', base));
  const { framework, series, rate } = parameters;
  const load = suite.spread(query('none', 'saturated'));
  const share = load === undefined ? NOTHING : `${Math.round((100 * Number(rate)) / load.median)} %`;
  return [
    `${framework === 'http' ? '`node:http`' : framework}, ${count(Number(series))} series, ${count(Number(rate))} requests per second (${share} of what it can do without metrics):`,
    '',
    table([['', ...COLUMNS.map((column) => HEADINGS[column]), 'generator late, ms', 'scrapes'], ...rows, ...ratios]),
  ];
}
