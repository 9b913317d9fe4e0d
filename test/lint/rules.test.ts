import { test } from 'tap';
import type { RULES } from '../../dist/src/lint/rules.js';
import { lintText, rulesOf } from './support';

const gauge = (name: string, lines = `${name} 1`, help = 'Words.'): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines}\n`;
const counter = (lines: string): string => `# HELP a_total Words.\n# TYPE a_total counter\n${lines}\n`;
const labelled = (label: string, values: readonly unknown[]): string =>
  counter(values.map((value) => `a_total{${label}=${JSON.stringify(String(value))}} 1`).join('\n'));
const histogram = (lines: string): string => `# HELP a_seconds Words.\n# TYPE a_seconds histogram\n${lines}\n`;
const summary = (lines: string): string => `# HELP a_seconds Words.\n# TYPE a_seconds summary\n${lines}\n`;
const uuid = (n: number): string => `123e4567-e89b-12d3-a456-42661417${String(n).padStart(4, '0')}`;
const buckets = (counts: Record<string, number>): string =>
  histogram(
    `${Object.entries(counts)
      .map(([le, count]) => `a_seconds_bucket{le="${le}"} ${count}`)
      .join('\n')}
a_seconds_sum ${counts['+Inf'] / 10}
a_seconds_count ${counts['+Inf']}`,
  );
const openMetrics = (text: string): string => `${text}# EOF\n`;

/** Of each rule: what it complains about, and something much like it that is fine. */
const EXAMPLES: Record<keyof typeof RULES, readonly [bad: string, good: string]> = {
  'bad-escape': [counter('a_total{b="\\t"} 1'), counter('a_total{b="\\\\t"} 1')],
  'duplicate-label': [counter('a_total{b="c",b="d"} 1'), counter('a_total{b="c",d="d"} 1')],
  'duplicate-sample': [
    counter('a_total{b="c",d="e"} 1\na_total{d="e",b="c"} 2'),
    counter('a_total{b="c",d="e"} 1\na_total{b="e",d="c"} 2'),
  ],
  'histogram-bucket-label': [
    histogram('a_seconds_bucket{le="x"} 1\na_seconds_bucket{le="+Inf"} 1\na_seconds_sum 1\na_seconds_count 1'),
    histogram('a_seconds_bucket{le="1e0"} 1\na_seconds_bucket{le="+Inf"} 1\na_seconds_sum 1\na_seconds_count 1'),
  ],
  'histogram-count': [histogram('a_seconds_bucket{le="+Inf"} 1\na_seconds_sum 1'), buckets({ '+Inf': 1 })],
  'histogram-cumulative': [buckets({ 1: 2, 2: 1, '+Inf': 2 }), buckets({ 1: 1, 2: 1, '+Inf': 2 })],
  'histogram-inf': [buckets({ 1: 2, '+Inf': 2 }).replace('count 2', 'count 3'), buckets({ 1: 2, '+Inf': 2 })],
  interleaved: [
    `${counter('a_total{b="c"} 1') + gauge('b')}a_total{b="d"} 1\n`,
    counter('a_total{b="c"} 1\na_total{b="d"} 1') + gauge('b'),
  ],
  'label-reserved': [counter('a_total{__b="c"} 1'), counter('a_total{_b="c"} 1')],
  'late-metadata': ['a_total 1\n# HELP a_total Words.\n# TYPE a_total counter\n', counter('a_total 1')],
  'no-eof': ['# HELP a Words.\n# TYPE a gauge\na 1 # {} 1\n', openMetrics(gauge('a'))],
  'no-final-newline': [counter('a_total 1').trimEnd(), counter('a_total 1')],
  'repeated-metadata': [`# TYPE a_total counter\n${counter('a_total 1')}`, counter('a_total 1')],
  'stray-sample': [`${buckets({ '+Inf': 1 })}a_seconds 1\n`, buckets({ '+Inf': 1 })],
  'summary-quantile': [
    summary('a_seconds{quantile="50"} 1\na_seconds_sum 1\na_seconds_count 1'),
    summary('a_seconds{quantile="0.5"} 1\na_seconds_sum 1\na_seconds_count 1'),
  ],
  'unit-suffix': [
    openMetrics(`# UNIT a seconds\n${gauge('a')}`),
    openMetrics(`# UNIT a_seconds seconds\n${gauge('a_seconds')}`),
  ],
  'value-range': [counter('a_total -1'), counter('a_total 0')],
  'camel-case': [gauge('queueLength'), gauge('queue_length')],
  'cardinality-overflow': [counter('a_total{ringmeter_overflow="true"} 1'), counter('a_total{overflow="true"} 1')],
  colon: [gauge('job:queue'), gauge('job_queue')],
  'counter-total': [
    '# HELP a Words.\n# TYPE a counter\na 1\n',
    openMetrics('# HELP a Words.\n# TYPE a counter\na_total 1\na_created 1\n'),
  ],
  'histogram-layouts': [
    histogram(
      'a_seconds_bucket{b="c",le="1"} 1\na_seconds_bucket{b="c",le="+Inf"} 1\na_seconds_sum{b="c"} 1\na_seconds_count{b="c"} 1\na_seconds_bucket{b="d",le="+Inf"} 1\na_seconds_sum{b="d"} 1\na_seconds_count{b="d"} 1',
    ),
    histogram(
      'a_seconds_bucket{b="c",le="+Inf"} 1\na_seconds_sum{b="c"} 1\na_seconds_count{b="c"} 1\na_seconds_bucket{b="d",le="+Inf"} 1\na_seconds_sum{b="d"} 1\na_seconds_count{b="d"} 1',
    ),
  ],
  'info-value': [gauge('build_info', 'build_info{version="1"} 2'), gauge('build_info', 'build_info{version="1"} 1')],
  'label-email': [labelled('user', ['me@example.com']), labelled('user', ['@me', 'a@b'])],
  'label-id': [
    labelled(
      'order',
      Array.from({ length: 12 }, (_, n) => 5_000 + n),
    ),
    labelled(
      'status',
      [...Array(40).keys()].map((n) => 200 + n),
    ),
  ],
  'label-le-quantile': [counter('a_total{le="1"} 1'), counter('a_total{level="1"} 1')],
  'label-path-id': [
    labelled('path', ['/users/1234', '/users/1235']),
    labelled('path', ['/users/:id', '/v1/orders', '/v2/orders/latest']),
  ],
  'label-timestamp': [
    labelled('at', ['2026-01-31T10:00:00Z', '2026-01-31T10:00:01Z']),
    labelled('day', ['monday', 'tuesday']),
  ],
  'label-uuid': [labelled('user', [uuid(1), uuid(2)]), labelled('instance_id', [uuid(1)])],
  'no-help': ['# TYPE a gauge\na 1\n', gauge('a')],
  percent: [gauge('cpu_usage_percent'), gauge('cpu_usage_ratio')],
  'reserved-suffix': [gauge('queue_count'), gauge('queue_counts')],
  'total-suffix': [gauge('memory_total'), gauge('memory_totals')],
  'type-in-name': [gauge('queue_gauge'), gauge('gauge_queue')],
  'unit-abbreviation': [gauge('wait_ms'), gauge('ms_wait')],
  'unit-base': [gauge('wait_minutes'), gauge('wait_seconds')],
  'buckets-beyond': [buckets({ 0.1: 500, 0.2: 900, '+Inf': 1_000 }), buckets({ 0.1: 500, 0.2: 991, '+Inf': 1_000 })],
  'buckets-one': [buckets({ 0.1: 10, 0.2: 1_000, '+Inf': 1_000 }), buckets({ 0.1: 100, 0.2: 1_000, '+Inf': 1_000 })],
  'buckets-coarse': [
    buckets({ 0.1: 500, 0.2: 900, 10: 1_000, '+Inf': 1_000 }),
    buckets({ 0.1: 500, 0.2: 900, 0.8: 1_000, '+Inf': 1_000 }),
  ],
  'buckets-unused': [
    buckets({ 0.1: 500, 0.2: 1_000, 0.3: 1_000, 0.4: 1_000, 0.5: 1_000, 0.6: 1_000, 0.7: 1_000, '+Inf': 1_000 }),
    buckets({ 0.1: 500, 0.2: 800, 0.3: 950, 0.4: 1_000, 0.5: 1_000, 0.6: 1_000, 0.7: 1_000, '+Inf': 1_000 }),
  ],
  'label-address': [
    labelled(
      'client',
      Array.from({ length: 12 }, (_, n) => `10.0.0.${n}`),
    ),
    labelled('node', ['10.0.0.1', '10.0.0.2']),
  ],
  'label-many': [
    labelled(
      'city',
      Array.from({ length: 101 }, (_, n) => `city ${n}`),
    ),
    labelled(
      'city',
      Array.from({ length: 100 }, (_, n) => `city ${n}`),
    ),
  ],
  'label-target': [counter('a_total{instance="x"} 1'), counter('a_total{instance_type="x"} 1')],
  'no-type': ['# HELP a Words.\na 1\n', gauge('a')],
  timestamps: [counter('a_total 1 1395066363000'), counter('a_total 1')],
};

test('each rule reports its problem, and not similar metrics without it', async (t) => {
  for (const [rule, [bad, good]] of Object.entries(EXAMPLES)) {
    if (rule !== 'no-eof') t.ok(rulesOf(bad).includes(rule), `${rule} in ${bad}: ${rulesOf(bad)}`);
    t.same(rulesOf(good), [], `${rule} not in ${good}`);
  }
});

test('OpenMetrics without # EOF is an error', async (t) => {
  const { lint } = await import('../../dist/src/lint/lint.js');
  const { parseScrape } = await import('../../dist/src/scrape/parse.js');
  const findings = lint(parseScrape(gauge('a'), 'openmetrics'));
  t.same(
    findings.map(({ rule, metric, line }) => [rule, metric, line]),
    [['no-eof', '', 3]],
  );
});

test('a finding has the problem, the reason, the cure, the severity and the place', async (t) => {
  const findings = lintText(
    `# TYPE job:waitTime_ms gauge\njob:waitTime_ms{userId="1"} 1\njob:waitTime_ms{userId="1"} 1\njob:waitTime_ms{userId="1"} 1\n`,
  );
  t.same(
    findings.map(({ severity, rule, line, label }) => [severity, rule, line, label]),
    [
      ['error', 'duplicate-sample', 3, undefined],
      ['warning', 'no-help', 1, undefined],
      ['warning', 'unit-abbreviation', undefined, undefined],
      ['warning', 'camel-case', undefined, undefined],
      ['warning', 'colon', undefined, undefined],
      ['warning', 'camel-case', undefined, 'userId'],
    ],
  );
  t.ok(findings.every(({ metric }) => metric === 'job:waitTime_ms'));
  t.match(findings[0].message, /has the line .*\{userId="1"\} twice: one of the values is lost \(2 times\)$/);
  t.match(findings[2].message, /\(ms\): write seconds in full/);
  t.match(findings[3].message, /write job:wait_time_ms$/);
  for (const { message } of findings) t.match(message, /^[a-z]/);
});

test('more kinds of bad label values are found, and usual labels are not reported', async (t) => {
  const smells = (values: readonly unknown[]): string[] => rulesOf(labelled('x', values));
  for (const [rule, values] of [
    ['label-id', ['4f2a9c1b7d3e', '9b1c4d2e8f7a']],
    ['label-id', ['507f1f77bcf86cd799439011', '507f191e810c19729de860ea']],
    ['label-timestamp', ['1732453200', '1732453201']],
    ['label-timestamp', ['1732453200123', '1732453201456']],
    ['label-path-id', [`/users/${uuid(1)}/cart`, `/users/${uuid(2)}/cart`]],
    ['label-path-id', ['https://x.example/a?user=1', 'https://x.example/a?user=2']],
    ['label-path-id', ['/o/507f1f77bcf86cd799439011', '/o/507f191e810c19729de860ea']],
    ['label-uuid', [`user-${uuid(1)}`, `user-${uuid(2)}`]],
    ['label-address', Array.from({ length: 10 }, (_, n) => `2001:db8::${n + 1}`)],
    ['label-address', Array.from({ length: 10 }, (_, n) => `10.0.0.1:${4_000 + n}`)],
  ] as const)
    t.same(smells(values), [rule], JSON.stringify(values.slice(0, 2)));
  for (const values of [
    ['200', '404', '500', '503'],
    Array.from({ length: 64 }, (_, cpu) => cpu),
    ['v1.2.3', '4f2a9c1b7d3e'.slice(0, 7)],
    ['GET', 'POST', 'DELETE'],
    ['/', '/metrics', '/api/v1/query', '/users/:id', '/a/{id}'],
    ['deadbeef', 'facade', 'decade'],
    ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
    ['12:30', '08:15'],
    ['eu-west-1', 'us-east-2'],
    [''],
  ])
    t.same(smells(values), [], JSON.stringify(values));
});

test('long and unusual label values do not slow the lint down', async (t) => {
  const started = performance.now();
  const values = ['?', '/', 'a@', '0', 'f0', '-', ':', '1.'].map((part) => part.repeat(300_000));
  lintText(labelled('x', values));
  t.ok(performance.now() - started < 3_000, `${performance.now() - started} ms`);
});
