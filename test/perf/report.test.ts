import { test } from 'tap';
import { renderChart, ticks } from '../../perf/report/chart';
import { chartsOf } from '../../perf/report/charts';
import { digits, plural, table, withSpread } from '../../perf/report/format';
import { renderMarkdown } from '../../perf/report/markdown';
import { Suite } from '../../perf/report/suite';
import { targetsSection } from '../../perf/report/targets';
import { complaintsOf, type Results, type Series } from '../../perf/runner/results';

const NOTES = '## What was tried\n\nNothing.\n';

function measured(contender: string, node: string, series: number, ns: number[], kinds = 'all'): Series {
  const repetitions = ns.map((one) => ({
    figures: { 'counter, bound': { ns: one, firstNs: one, bytes: null } },
    wrong: [],
  }));
  return { lane: contender, contender, title: `${contender} 1.0`, node, parameters: { series, kinds }, repetitions };
}

function resultsOf(series: Series[]): Results {
  return {
    benchmark: 'hot-path',
    about: 'an example',
    machine: { cpu: 'Abacus', cores: 2, memory: 8 * 2 ** 30, platform: 'wood x10' },
    plan: { scale: 'full', repetitions: 3 },
    measuredAt: '2026-01-02T03:04:05.000Z',
    failures: [],
    skips: [],
    series,
  };
}

const suiteOf = (series: Series[]): Suite => new Suite(new Map([['hot-path', resultsOf(series)]]));

const FLOOR = measured('floor', '20.1.0', 10, [2, 4, 2]);
/** Slow when the floor is slow. */
const OURS = measured('ringmeter', '20.1.0', 10, [4, 8, 5]);
const OURS_NEWER = measured('ringmeter', '22.1.0', 10, [10, 10, 10]);
const PEER = measured('prom-client', '20.1.0', 10, [400, 800, 500]);
const NEWER_PEER = measured('prometheus-io', '22.1.0', 10, [600, 600, 600]);
const ALL = [FLOOR, OURS, PEER, NEWER_PEER, OURS_NEWER];

const query = (contender: string) => ({
  benchmark: 'hot-path',
  contender,
  parameters: { series: 10 },
  row: 'counter, bound',
  column: 'ns',
});

test('ratios are those of each repetition', async (t) => {
  const suite = suiteOf(ALL);
  t.same(suite.ratio(query('ringmeter'), query('floor')), { median: 2, min: 2, max: 2.5 });
});

test('a peer on another Node version is compared with figures of the same version', async (t) => {
  const suite = suiteOf(ALL);
  t.equal(suite.ratio(query('prometheus-io'), query('ringmeter'))?.median, 60);
  t.equal(suite.ratio(query('prom-client'), query('ringmeter'))?.median, 100);
  t.equal(suite.fewest(query(''), 'ringmeter')?.median, 60, 'and the best of them counts');
});

test('whether a target is met is computed', async (t) => {
  const line = (series: Series[]): string | undefined =>
    targetsSection(suiteOf(series))
      .split('\n')
      .find((one) => one.startsWith('| counter, bound, against the floor |'));
  t.equal(line([FLOOR, OURS]), '| counter, bound, against the floor | ≤ 2.50 × | 2.00 × | met |');
  const slow = measured('ringmeter', '20.1.0', 10, [6, 12, 6]);
  t.equal(line([FLOOR, slow]), '| counter, bound, against the floor | ≤ 2.50 × | 3.00 × | **not met** |');
  t.equal(line([FLOOR]), '| counter, bound, against the floor | ≤ 2.50 × | not measured |  |');
});

test('the report names the machine, shows figures with their spread, and ends with the notes', async (t) => {
  const suite = suiteOf(ALL);
  const text = renderMarkdown(suite, chartsOf(suite), NOTES);
  t.match(text, 'Abacus, 2 cores, 8.00 GiB, wood x10, Node 20.1.0 and 22.1.0');
  const row = '| counter, bound | 2.00 (2.00–4.00) | 5.00 (4.00–8.00) | 500 (400–800) | 600 | 2.00 × | 60.0 × |';
  t.ok(text.includes(row), text);
  t.ok(text.endsWith('## What was tried\n\nNothing.\n'));
  t.notMatch(text, /NaN|undefined|null/);
});

test('rows that were left out have a reason', async (t) => {
  const left = { ...PEER, repetitions: [{ figures: {}, omitted: { '*': 'more than 4 GB' }, wrong: [] }] };
  const suite = suiteOf([FLOOR, OURS, left]);
  t.match(renderMarkdown(suite, new Map(), NOTES), /\| counter, bound \|.*\| more than 4 GB \|/);
});

test('without results the report says so', async (t) => {
  const text = renderMarkdown(new Suite(new Map()), new Map(), NOTES);
  t.match(text, 'Nothing has been measured yet');
  t.notMatch(text, '## Targets');
});

test('a run fails for wrong totals and failures only', async (t) => {
  const wrong = { ...OURS, repetitions: [{ figures: {}, wrong: ['2 recorded, 1 read back'] }] };
  t.same(complaintsOf(resultsOf(ALL)), []);
  t.same(complaintsOf({ ...resultsOf([wrong]), failures: ['it ended'] }), [
    'FAILED: it ended',
    'WRONG TOTAL: hot-path: ringmeter: 2 recorded, 1 read back',
  ]);
});

test('growth is drawn for contenders that were measured at several sizes, at those sizes', async (t) => {
  const suite = suiteOf([...ALL, measured('ringmeter', '20.1.0', 1_000_000, [50], 'counter')]);
  const charts = chartsOf(suite);
  t.same([...charts.keys()], ['record-growth-bound']);
  const [ours] = charts.get('record-growth-bound')!.lines;
  t.same(ours, {
    name: 'ringmeter counter',
    points: [
      [10, 5],
      [1_000_000, 50],
    ],
  });
});

test('a chart is an SVG with a line per contender, and text that is escaped', async (t) => {
  const svg = renderChart({
    title: 'a < b & c',
    x: { label: 'series', log: true },
    y: { label: 'ns', log: false },
    lines: [
      {
        name: 'one',
        points: [
          [10, 4],
          [1000, 6],
        ],
      },
      { name: 'empty', points: [] },
    ],
  });
  t.match(svg, /^<svg /);
  t.match(svg, 'a &lt; b &amp; c');
  t.equal(svg.match(/<polyline /g)?.length, 1);
  t.notMatch(svg, /NaN|undefined|empty/);
});

test('a value of 0 is not drawn on a logarithmic axis', async (t) => {
  const svg = renderChart({
    title: 'gaps',
    x: { label: 'series', log: true },
    y: { label: 'ms', log: true },
    lines: [
      {
        name: 'one',
        points: [
          [10, 0],
          [100, 0.5],
          [1000, 6],
        ],
      },
      { name: 'none', points: [[10, 0]] },
    ],
  });
  t.equal(svg.match(/<polyline /g)?.length, 1);
  t.notMatch(svg, /NaN|Infinity|none</);
});

test('ticks enclose the values', async (t) => {
  t.same(ticks([3, 2000], true), [1, 10, 100, 1000, 10_000]);
  t.same(ticks([5], true), [1, 10]);
  t.same(ticks([0, 11.5], false), [0, 2, 4, 6, 8, 10, 12]);
  t.same(ticks([], false), [0, 1]);
});

test('numbers are rounded to their significant digits', async (t) => {
  t.same([1234.5, 99.95, 3.146, 0.05, 0.0012, 0].map(digits), ['1,235', '100.0', '3.15', '0.05', '0.0012', '0.00']);
  t.equal(withSpread({ median: 2, min: 1, max: 3 }, 10), '20.0 (10.0–30.0)');
  t.equal(withSpread(undefined), '–');
  t.same([plural(1_000, 'counter'), plural(2, 'summary')], ['1,000 counters', '2 summaries']);
  t.equal(
    table([
      ['', 'a|b'],
      ['x', '1'],
    ]),
    '|  | a\\|b |\n| --- | ---: |\n| x | 1 |',
  );
});
