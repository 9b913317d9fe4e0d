import type { Chart } from './chart';
import { flushSection } from './flush-section';
import { digits } from './format';
import { drainSection, memorySection, startSection, sumSection } from './other-sections';
import { hotPathSection, threadsSection } from './record-sections';
import { rulesSection } from './rules-section';
import { scrapeSection, serverSection } from './serving-sections';
import type { Suite } from './suite';
import { targetsSection } from './targets';

/** The whole document. */
export function renderMarkdown(suite: Suite, charts: ReadonlyMap<string, Chart>, notes: string): string {
  const parts = [
    '<!-- Written by `npm run perf:report` from perf/results. Edit perf/report or docs/performance-notes.md instead. -->',
    '# Performance',
    introduction(suite),
    ...(suite.all().length === 0 ? [] : ['## Targets', targetsSection(suite)]),
    ...section(suite, 'hot-path', 'What a record costs', hotPathSection),
    ...section(suite, 'record-on-threads', 'Recording on several threads', threadsSection),
    ...section(suite, 'scrape', 'Scraping', scrapeSection),
    ...section(suite, 'latency-sensitive-server', 'A latency-sensitive server', serverSection),
    ...section(suite, 'sum-over-threads', 'Worker threads, added up', sumSection),
    ...section(suite, 'drain', 'Flush workers', drainSection),
    ...section(suite, 'memory', 'Memory', memorySection),
    ...section(suite, 'flush', 'Flushing to storages', flushSection),
    ...section(suite, 'rules', 'Evaluating rules', rulesSection),
    ...section(suite, 'start-up-and-idle', 'Start-up and idle', startSection),
    ...growth(charts),
    notes.trim(),
  ];
  return `${parts.join('\n\n')}\n`;
}

function section(suite: Suite, benchmark: string, heading: string, body: (suite: Suite) => string): string[] {
  const results = suite.of(benchmark);
  return results === undefined ? [] : [`## ${heading}`, `\`npm run perf -- --only ${benchmark}\``, body(suite)];
}

function introduction(suite: Suite): string {
  const all = suite.all();
  if (all.length === 0) return 'Nothing has been measured yet: `npm run perf`.';
  const times = distinct(all.map(({ plan }) => String(plan.repetitions)));
  const machines = distinct(
    all.map(({ machine: { cpu, cores, memory, platform } }) => {
      return `${cpu}, ${cores} cores, ${digits(memory / 2 ** 30)} GiB, ${platform}`;
    }),
  );
  const skips = distinct(
    all.flatMap((results) => results.skips.map(({ contender, reason }) => `${contender}. ${reason}`)),
  );
  const nodes = distinct(all.flatMap(({ series }) => series.map(({ node }) => node)));
  const days = distinct(all.map(({ measuredAt }) => measuredAt.slice(0, 10)));
  const lines = [
    `Measured on ${days.join(', ')}: ${machines.join('; ')}, Node ${nodes.join(' and ')}.`,
    '',
    `Repetitions of every measurement: ${times.join(' or ')}, each in a fresh process; contenders take turns at each case, and every`,
    'repetition begins with another one. Figures are medians, in brackets the lowest and the highest repetition; ratios are',
    'medians of the ratios of each repetition. The machine is shared and noisy: ratios are worth more than the figures, and',
    'both are worth more from your own machine: `npm run perf`. Every benchmark checks its own totals and fails if they are',
    'wrong. ringmeter has its default options but for `storage: []`: like its peers it keeps no history; and a larger',
    '`maxMemory` and `cardinalityLimit` where there are many series.',
    ...(nodes.length > 1
      ? [
          '',
          'The library that needs a newer Node than the others is compared with ringmeter and the floor on that same Node, which',
          'are measured a second time for it.',
        ]
      : []),
    ...skips.map((skip) => `\nNot measured: ${skip}`),
    ...all.flatMap(({ failures }) => failures.map((failure) => `\nFailed: ${failure}`)),
  ];
  return lines.join('\n');
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

function growth(charts: ReadonlyMap<string, Chart>): string[] {
  if (charts.size === 0) return [];
  const images = [...charts].map(([name, { title }]) => `![${title}](performance/${name}.svg)`);
  return ['## Growth', 'How cost, time and memory grow with the number of series and threads.', ...images];
}
