import type { MemoryCase } from '../benchmarks/memory';
import { casesOf, cell, libraries, peerRatio, present, valuesOf } from './columns';
import { count, NOTHING, plural, table, times } from './format';
import { PEERS, type Suite } from './suite';

const SUM = 'sum-over-threads';

export function sumSection(suite: Suite): string {
  const { contenders, titles } = libraries(suite, SUM);
  const rows = [
    ['total', 'scrape', 'ms'],
    ['longest gap of the main thread', 'main', 'gapMs'],
    ['the same, not waiting for a processor', 'main', 'ownGapMs'],
    ['longest gap of a recording thread', 'thread', 'gapMs'],
    ['the same, not waiting for a processor', 'thread', 'ownGapMs'],
  ].map(([name, row, column]) => {
    const query = (contender: string) => ({ benchmark: SUM, contender, row, column });
    return [name, ...contenders.map((contender) => cell(suite, query(contender))), peerRatio(suite, query(''))];
  });
  return [
    '4 worker threads, 5,000 counter series each, the same ones; a scrape gives their sums. Milliseconds. prom-client has this',
    'for processes only: here with messages by hand and its `aggregate`. The OpenTelemetry SDK has no way to do it.',
    '',
    table([['', ...titles, 'best peer / ringmeter'], ...rows]),
  ].join('\n');
}

const DRAIN = 'drain';

export function drainSection(suite: Suite): string {
  const sizes = valuesOf<number>(suite, DRAIN, 'series');
  const rows = valuesOf<string>(suite, DRAIN, 'kind').flatMap((kind) =>
    sizes.map((series) => {
      const query = (workers: number, column: string) => ({
        benchmark: DRAIN,
        contender: 'ringmeter',
        parameters: { kind, series, workers },
        row: 'drain',
        column,
      });
      return [
        `${kind}, ${count(series)} series`,
        cell(suite, query(1, 'perSecond'), 1e-6),
        cell(suite, query(2, 'perSecond'), 1e-6),
        times(suite.ratio(query(2, 'perSecond'), query(1, 'perSecond'))),
        cell(suite, query(1, 'cpuSecondsPerMillion'), 1e3),
        cell(suite, query(2, 'cpuSecondsPerMillion'), 1e3),
      ];
    }),
  );
  const heading = [
    '',
    '1 worker, M events/s',
    '2 workers, M events/s',
    '2 / 1',
    '1 worker, CPU ms/M events',
    '2 workers, CPU ms/M events',
  ];
  return [
    'What the flush workers fold of two full rings, the series touched at random, while the recording threads are still.',
    'Processor time is that of the whole process.',
    '',
    table([heading, ...rows]),
  ].join('\n');
}

const MEMORY = 'memory';

export function memorySection(suite: Suite): string {
  return [
    "Growth of a fresh process by so many series, each recorded once, after a garbage collection: resident memory, and V8's",
    'heap of the main thread, in bytes per series. `bound`: all handles are kept; and what is left when they are let go.',
    '',
    perSeries(suite),
    '',
    'The whole process around a scrape, in megabytes:',
    '',
    aroundScrape(suite),
  ].join('\n');
}

function perSeries(suite: Suite): string {
  const { contenders, titles } = libraries(suite, MEMORY);
  const names = { residentBytes: 'resident', heapBytes: 'heap', letGoBytes: 'heap without handles' };
  const rows = casesOf<MemoryCase>(suite, MEMORY).flatMap((parameters) =>
    (['residentBytes', 'heapBytes', ...(parameters.bound ? (['letGoBytes'] as const) : [])] as const).map((column) => {
      const query = (contender: string) => ({ benchmark: MEMORY, contender, parameters, row: 'per series', column });
      const name = `${plural(parameters.series, parameters.kind)}${parameters.bound ? ', bound' : ''}`;
      const cells = contenders.map((contender) => cell(suite, query(contender)));
      return [`${name}: ${names[column]}`, ...cells, peerRatio(suite, query(''))];
    }),
  );
  return table([['', ...titles, 'smallest peer / ringmeter'], ...rows]);
}

function aroundScrape(suite: Suite): string {
  const contenders = present(suite, MEMORY, ['ringmeter', ...PEERS]);
  const rows = casesOf<MemoryCase>(suite, MEMORY)
    .filter(({ scraped }) => scraped)
    .flatMap((parameters) =>
      contenders.map((contender) => {
        const query = (column: string) => ({ benchmark: MEMORY, contender, parameters, row: 'scrape', column });
        const columns = ['before', 'peak', 'after', 'textBytes'];
        return [
          `${suite.title(MEMORY, contender)}: ${plural(parameters.series, parameters.kind)}`,
          ...columns.map((column) => cell(suite, query(column), 1e-6)),
          times(suite.ratio(query('peakAbove'), query('textBytes'))),
        ];
      }),
    );
  return table([['', 'before', 'peak', 'after', 'output', '(peak − before) / output'], ...rows]);
}

const START = 'start-up-and-idle';

export function startSection(suite: Suite): string {
  const contenders = present(suite, START, ['none', 'ringmeter', ...PEERS]);
  const rows = [
    ['load the library, ms', 'start', 'loadMs'],
    ['from there to the first record, ms', 'start', 'firstRecordMs'],
    ['from there to the first scrape answered, ms', 'start', 'firstScrapeMs'],
    ['idle process, % of a core', 'idle', 'cpuPercent'],
  ].map(([name, row, column]) => [
    name,
    ...contenders.map((contender) => cell(suite, { benchmark: START, contender, row, column })),
  ]);
  return [
    'In a fresh process each. Idle: from twenty seconds after the scrape on (half a second with --quick), with its endpoint open and nothing recorded.',
    '',
    table([
      ['', ...contenders.map((contender) => suite.title(START, contender))],
      ...rows.filter((row) => row.some((one) => one !== NOTHING)),
    ]),
  ].join('\n');
}
