import type { Spread } from '../measure/statistics';
import { digits, plural, table } from './format';
import type { Query, Suite } from './suite';

/** What ringmeter has to reach: whether it does is computed. */
interface Target {
  what: string;
  /** The median must not be above, or below. */
  limit: { most: number } | { fewest: number };
  unit: string;
  measure(suite: Suite): Spread | undefined;
}

const most = (value: number) => ({ most: value });
const fewest = (value: number) => ({ fewest: value });

type Part = Omit<Query, 'contender'>;
const ofRingmeter = (part: Part) => (suite: Suite) => suite.spread({ ...part, contender: 'ringmeter' });
const against = (other: string, part: Part) => (suite: Suite) =>
  suite.ratio({ ...part, contender: 'ringmeter' }, { ...part, contender: other });
/** How many times the best peer's figure is ringmeter's. */
const bestPeer = (part: Part) => (suite: Suite) => suite.fewest({ ...part, contender: '' }, 'ringmeter');
/** ringmeter's figure at one size against that at another. */
const between = (part: Part, above: Query['parameters'], below: Query['parameters']) => (suite: Suite) => {
  const query = { ...part, contender: 'ringmeter' };
  return suite.ratio({ ...query, parameters: above }, { ...query, parameters: below });
};

const hot = (row: string, column = 'ns', series = 10): Part => ({
  benchmark: 'hot-path',
  parameters: { series },
  row,
  column,
});

const recordTargets: Target[] = [
  ...['counter, bound', 'counter, no labels'].map((row) => ({
    what: `${row}, against the floor`,
    limit: most(2.5),
    unit: '×',
    measure: against('floor', hot(row)),
  })),
  ...(
    [
      ['counter, label object', 45],
      ['gauge, bound', 15],
      ['histogram, bound', 8],
      ['histogram, label object', 45],
      ['summary, bound', 8],
      ['window, bound', 8],
    ] as const
  ).map(([row, ns]) => ({ what: row, limit: most(ns), unit: 'ns', measure: ofRingmeter(hot(row)) })),
  {
    what: 'counter, label object, values of 500 series',
    limit: most(65),
    unit: 'ns',
    measure: ofRingmeter(hot('counter, label object', 'ns', 500)),
  },
  ...(
    [
      ['counter, bound', 45],
      ['counter, label object', 10],
      ['histogram, bound', 100],
      ['histogram, label object', 20],
      ['summary, bound', 120],
      ['window, bound', 500],
    ] as const
  ).map(([row, ratio]) => ({
    what: `${row}: times cheaper than the cheapest peer`,
    limit: fewest(ratio),
    unit: '×',
    measure: bestPeer(hot(row)),
  })),
  {
    what: 'histogram, no labels: times cheaper than `perf_hooks.createHistogram`',
    limit: fewest(3),
    unit: '×',
    measure: (suite) =>
      suite.ratio(
        { ...hot('histogram, no labels'), contender: 'native-histogram' },
        { ...hot('histogram, no labels'), contender: 'ringmeter' },
      ),
  },
  ...['counter', 'gauge', 'histogram', 'summary'].map((kind) => ({
    what: `${kind}, bound: heap`,
    limit: most(1),
    unit: 'B',
    measure: ofRingmeter(hot(`${kind}, bound`, 'bytes')),
  })),
  {
    what: "counter, label object: heap against the caller's own object",
    limit: most(1.05),
    unit: '×',
    measure: against('floor', hot('counter, label object', 'bytes')),
  },
  {
    what: 'counter, bound, without a pause, against bursts',
    limit: most(2),
    unit: '×',
    measure: (suite) => {
      const query = {
        benchmark: 'record-on-threads',
        contender: 'ringmeter',
        parameters: { kind: 'counter', threads: 1 },
        column: 'ns',
      };
      return suite.ratio({ ...query, row: 'sustained' }, { ...query, row: 'bursts' });
    },
  },
  ...['counter', 'gauge', 'histogram', 'summary'].map((kind) => ({
    what: `${kind}, bound: 1,000,000 series touched at random against 10`,
    limit: most(1.2),
    unit: '×',
    measure: between(hot(`${kind}, bound`, 'firstNs'), { series: 1_000_000, kinds: kind }, { series: 10 }),
  })),
];

const scrape = (kind: string, series: number, column: string): Part => ({
  benchmark: 'scrape',
  parameters: { kind, series, gzip: false },
  row: 'later',
  column,
});
/** As seen, and what of it the thread itself did. */
const GAPS = [
  ['', 'gapMs'],
  [', not waiting for a processor', 'ownGapMs'],
] as const;

const SCRAPES = [
  ['counter', 10_000],
  ['counter', 100_000],
  ['histogram', 10_000],
] as const;

const scrapeTargets: Target[] = [
  ...[...SCRAPES, ['counter', 1_000_000] as const].flatMap(([kind, series]) =>
    GAPS.map(([of, column]) => ({
      what: `scrape of ${plural(series, kind)}: longest gap of the event loop${of}`,
      limit: most(1),
      unit: 'ms',
      measure: ofRingmeter(scrape(kind, series, column)),
    })),
  ),
  ...SCRAPES.map(([kind, series]) => ({
    what: `scrape of ${plural(series, kind)}: times faster than the fastest peer`,
    limit: fewest(10),
    unit: '×',
    measure: bestPeer(scrape(kind, series, 'ms')),
  })),
  {
    what: 'scrape of 1,000,000 counters against 100,000 (linear: 10)',
    limit: most(12),
    unit: '×',
    measure: between(
      scrape('counter', 0, 'ms'),
      { kind: 'counter', series: 1_000_000, gzip: false },
      { kind: 'counter', series: 100_000, gzip: false },
    ),
  },
];

const served = (column: string): Part => ({
  benchmark: 'latency-sensitive-server',
  parameters: { framework: 'fastify', series: 20_000 },
  row: 'server',
  column,
});
const SERVER_LIMITS = [
  ['p50', 'p50', most(1.02)],
  ['p99', 'p99', most(1.05)],
  ['p99.9', 'p999', most(1.1)],
  ['throughput', 'saturated', fewest(0.97)],
] as const;

const serverTargets: Target[] = [
  ...(
    [
      ['none', 'no metrics'],
      ['scraped-beside', 'no metrics with a scraper beside it'],
    ] as const
  ).flatMap(([base, title]) =>
    SERVER_LIMITS.map(([name, column, limit]) => ({
      what: `fastify, 20,000 series: ${name} against ${title}`,
      limit,
      unit: '×',
      measure: against(base, served(column)),
    })),
  ),
  {
    what: 'fastify, 20,000 series: processor time of the serving thread per request against no metrics',
    limit: most(1.03),
    unit: '×',
    measure: against('none', served('cpuMicroseconds')),
  },
];

const summed = (row: string, column: string) => ofRingmeter({ benchmark: 'sum-over-threads', row, column });
const memory = (kind: string, row: string, column: string, bound = false): Part => ({
  benchmark: 'memory',
  parameters: { kind, series: 100_000, bound },
  row,
  column,
});
const drain = (kind: string, series: number): Part => ({
  benchmark: 'drain',
  parameters: { kind, series, workers: 1 },
  row: 'drain',
  column: 'perSecond',
});

const flush = (target: string, column: string): Part => ({
  benchmark: 'flush',
  parameters: { target, series: 100_000 },
  row: 'flush',
  column,
});

const rules = (column: string): Part => ({
  benchmark: 'rules',
  parameters: { rules: 100, series: 10_000 },
  row: 'rules',
  column,
});

const otherTargets: Target[] = [
  ...['file', 'pushgateway', 'remote-write', 'otlp'].flatMap((target) =>
    GAPS.map(([of, column]) => ({
      what: `flush of 100,000 counters, ${target}: gap of the main thread${of}`,
      limit: most(1),
      unit: 'ms',
      measure: ofRingmeter(flush(target, column)),
    })),
  ),
  {
    what: '100 rules each second over 10,000 series: gap of the serving thread, not waiting for a processor',
    limit: most(1),
    unit: 'ms',
    measure: ofRingmeter(rules('ownGapMs')),
  },
  {
    what: '100 rules each second over 10,000 series: cores of the workers',
    limit: most(0.25),
    unit: '',
    measure: ofRingmeter(rules('coresOfWorkers')),
  },
  { what: 'sum over 4 threads: total', limit: most(10), unit: 'ms', measure: summed('scrape', 'ms') },
  ...(
    [
      ['the main thread', 'main'],
      ['each thread', 'thread'],
    ] as const
  ).flatMap(([whose, row]) =>
    GAPS.map(([of, column]) => ({
      what: `sum over 4 threads: gap of ${whose}${of}`,
      limit: most(1),
      unit: 'ms',
      measure: summed(row, column),
    })),
  ),
  ...['counter', 'histogram'].map((kind) => ({
    what: `memory per ${kind} series: times less than the smallest peer`,
    limit: fewest(1),
    unit: '×',
    measure: bestPeer(memory(kind, 'per series', 'residentBytes')),
  })),
  {
    what: 'heap per counter series behind a bound handle',
    limit: most(32),
    unit: 'B',
    measure: ofRingmeter(memory('counter', 'per series', 'heapBytes', true)),
  },
  {
    what: 'heap per counter series that was recorded through a bound handle, without the handle',
    limit: most(4),
    unit: 'B',
    measure: ofRingmeter(memory('counter', 'per series', 'letGoBytes', true)),
  },
  {
    what: "100,000 counters: peak memory of a scrape against the output's size",
    limit: most(1.5),
    unit: '×',
    measure: (suite) => {
      const query = { ...memory('counter', 'scrape', 'peakAbove'), contender: 'ringmeter' };
      return suite.ratio(query, { ...query, column: 'textBytes' });
    },
  },
  ...(
    [
      ['counter', 1_000, 30e6],
      ['histogram', 1_000, 15e6],
      ['counter', 100_000, 10e6],
      ['histogram', 100_000, 5e6],
    ] as const
  ).map(([kind, series, perSecond]) => ({
    what: `one flush worker, ${plural(series, kind)}: events per second`,
    limit: fewest(perSecond),
    unit: '',
    measure: ofRingmeter(drain(kind, series)),
  })),
  {
    what: 'idle collector: share of a core',
    limit: most(0.2),
    unit: '%',
    measure: ofRingmeter({ benchmark: 'start-up-and-idle', row: 'idle', column: 'cpuPercent' }),
  },
  {
    what: 'from construction to the first record',
    limit: most(5),
    unit: 'ms',
    measure: ofRingmeter({ benchmark: 'start-up-and-idle', row: 'start', column: 'firstRecordMs' }),
  },
];

export const TARGETS: readonly Target[] = [...recordTargets, ...scrapeTargets, ...serverTargets, ...otherTargets];

/** How many are met, and each beside what was measured. */
export function targetsSection(suite: Suite, targets: readonly Target[] = TARGETS): string {
  const judged = targets.map((target) => ({ target, measured: target.measure(suite) }));
  const known = judged.filter(({ measured }) => measured !== undefined);
  const met = known.filter(({ target, measured }) => isMet(target, measured!));
  const rows = judged.map(({ target, measured }) => [
    target.what,
    `${'most' in target.limit ? '≤' : '≥'} ${shown('most' in target.limit ? target.limit.most : target.limit.fewest, target)}`,
    measured === undefined ? 'not measured' : shown(measured.median, target),
    measured === undefined ? '' : isMet(target, measured) ? 'met' : '**not met**',
  ]);
  return [
    `Set before the work began, but for the heap without handles, and those with a scraper beside and of processor time, which
tell what others on two processors do to a server from what the library does. ${met.length} of the ${known.length} that were measured are met.`,
    table([['what', 'target', 'measured', ''], ...rows]),
  ].join('\n\n');
}

function isMet({ limit }: Target, { median }: Spread): boolean {
  return 'most' in limit ? median <= limit.most : median >= limit.fewest;
}

function shown(value: number, { unit }: Target): string {
  return `${digits(value)} ${unit}`.trim();
}
