import type { Chart, Line } from './chart';
import type { Query, Suite } from './suite';

const EVERYBODY = ['floor', 'ringmeter', 'prom-client', 'prometheus-io', 'opentelemetry'];
const KINDS = ['counter', 'gauge', 'histogram', 'summary'];
const SERIES = { label: 'series', log: true };

/** The charts of growth, by the names of their files. A chart without any line is not drawn. */
export function chartsOf(suite: Suite): Map<string, Chart> {
  const charts: [string, Chart][] = [
    [
      'record-growth',
      {
        title: 'Counter with a label object: what a record costs, series touched at random',
        x: SERIES,
        y: { label: 'nanoseconds per record', log: true },
        lines: EVERYBODY.map((contender) => hotPathLine(suite, contender, 'counter, label object')),
      },
    ],
    [
      'record-growth-bound',
      {
        title: 'Bound handles: what a record costs, series touched at random and not in the caches',
        x: SERIES,
        y: { label: 'nanoseconds per record', log: false },
        lines: [
          ...KINDS.map((kind) => ({ ...hotPathLine(suite, 'ringmeter', `${kind}, bound`), name: `ringmeter ${kind}` })),
          { ...hotPathLine(suite, 'floor', 'counter, bound'), name: 'floor: counter' },
          { ...hotPathLine(suite, 'floor', 'histogram, bound'), name: 'floor: histogram' },
        ],
      },
    ],
    ['scrape-growth', scrapeChart(suite, 'Counters: how long a scrape takes', 'ms')],
    ['scrape-gap-growth', scrapeChart(suite, 'Counters: how long a scrape stops the serving event loop', 'gapMs')],
    [
      'memory-growth',
      {
        title: 'Counters: memory of the whole process',
        x: SERIES,
        y: { label: 'megabytes', log: true },
        lines: EVERYBODY.map((contender) => {
          const parameters = { kind: 'counter', bound: false };
          const query = { benchmark: 'memory', contender, parameters, row: 'process', column: 'after' };
          return line(suite, query, 'series', 1e-6);
        }),
      },
    ],
    [
      'thread-growth',
      {
        title: 'Bound counter, 1,000 series: what a record costs on several threads at a time',
        x: { label: 'recording threads', log: false },
        y: { label: 'nanoseconds per record', log: true },
        lines: [
          ...['floor', 'ringmeter', 'prom-client', 'opentelemetry'].map((contender) =>
            threadLine(suite, contender, 'bursts'),
          ),
          { ...threadLine(suite, 'ringmeter', 'sustained'), name: 'ringmeter, no pause' },
        ],
      },
    ],
  ];
  return new Map(charts.filter(([, { lines }]) => lines.some(({ points }) => points.length > 1)));
}

function hotPathLine(suite: Suite, contender: string, row: string): Line {
  return line(suite, { benchmark: 'hot-path', contender, row, column: 'firstNs' }, 'series');
}

function threadLine(suite: Suite, contender: string, row: string): Line {
  return line(
    suite,
    { benchmark: 'record-on-threads', contender, parameters: { kind: 'counter' }, row, column: 'ns' },
    'threads',
  );
}

/** The medians of a figure over all values of one parameter. */
function line(suite: Suite, query: Query, parameter: string, scale = 1): Line {
  const { benchmark, contender } = query;
  const measured = suite.of(benchmark)?.series.filter((one) => one.contender === contender) ?? [];
  const values = [...new Set(measured.map(({ parameters }) => Number(parameters[parameter])))].sort((a, b) => a - b);
  const points = values.flatMap((value) => {
    // where every kind has a process of its own, the row says which it is
    const candidates = measured.filter(({ parameters }) => parameters[parameter] === value);
    const found = candidates
      .map(({ parameters }) => suite.spread({ ...query, parameters: { ...parameters, ...query.parameters } }))
      .find((spread) => spread !== undefined);
    return found === undefined ? [] : [[value, found.median * scale] as const];
  });
  return { name: suite.title(benchmark, contender), points };
}

function scrapeChart(suite: Suite, title: string, column: string): Chart {
  const parameters = { kind: 'counter', gzip: false };
  return {
    title,
    x: SERIES,
    y: { label: 'milliseconds', log: true },
    lines: EVERYBODY.map((contender) =>
      line(suite, { benchmark: 'scrape', contender, parameters, row: 'later', column }, 'series'),
    ),
  };
}
