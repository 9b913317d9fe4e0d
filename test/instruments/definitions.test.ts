import type { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, refuses, samplesOf } from './support';

const kinds = ['counter', 'gauge', 'histogram', 'summary'] as const;

/** Defines without the compiler's help, as plain JavaScript would. */
type Define = (kind: (typeof kinds)[number], name: unknown, options?: unknown) => { name: string };

const definer = (collector: MetricsCollector): Define =>
  ((kind, name, options) =>
    (collector[kind] as unknown as (name: unknown, options: unknown) => { name: string }).call(
      collector,
      name,
      options,
    )) as Define;

test('a metric name must be valid in Prometheus', async (t) => {
  const define = definer(collectorFor(t));
  const bad = [
    '',
    '0x',
    'a-b',
    'a b',
    'a.b',
    'é',
    'a\n',
    ' a',
    'a{b="c"} 1\n',
    undefined,
    null,
    7,
    {},
    ['a'],
    Symbol('a'),
  ];
  for (const kind of kinds) {
    for (const name of bad) refuses(t, () => define(kind, name), 'RINGMETER_INVALID_METRIC_NAME', 'metric name');
    for (const name of ['a', '_a', ':a', 'A9_:'])
      t.equal(define(kind, `${name}_${kind}`).name, `${name}_${kind}`, 'and these are fine');
  }
});

test('a label name must be valid in Prometheus and not reserved by it', async (t) => {
  const collector = collectorFor(t, { cardinalityLimit: 1 });
  const define = definer(collector);
  for (const kind of kinds) {
    for (const label of ['', '0x', 'a-b', 'a:b', 'é', '__name__', '__a', 'a\n', 7, null, undefined, {}])
      refuses(t, () => define(kind, 'm', { labelNames: ['ok', label] }), 'RINGMETER_INVALID_LABEL_NAME', 'label name');
    for (const label of ['a-b', '__name__', 'a b'])
      refuses(
        t,
        () => define(kind, `free_${kind}`, { labels: { [label]: '1' } }),
        'RINGMETER_INVALID_LABEL_NAME',
        label,
      );
    refuses(t, () => define(kind, 'm', { labelNames: ['a', 'b', 'a'] }), 'RINGMETER_INVALID_LABEL_NAME', '"a" twice');
    for (const labelNames of ['a', { 0: 'a' }, 7, null, new Set(['a'])])
      refuses(t, () => define(kind, 'm', { labelNames }), 'RINGMETER_INVALID_OPTION', 'labelNames');
  }
  const reserved = 'RINGMETER_RESERVED_LABEL_NAME';
  refuses(t, () => define('histogram', 'm', { labelNames: ['le'] }), reserved, '"le"');
  refuses(t, () => define('summary', 'm', { labelNames: ['quantile'] }), reserved, '"quantile"');
  refuses(t, () => define('histogram', 'h', { labels: { le: '1' } }), reserved, '"le"');
  refuses(t, () => define('summary', 's', { labels: { quantile: '1' } }), reserved, '"quantile"');
  for (const [kind, label] of [
    ['counter', 'le'],
    ['gauge', 'quantile'],
    ['histogram', 'quantile'],
    ['summary', 'le'],
  ] as const)
    t.ok(define(kind, `with_${kind}_${label}`, { labelNames: [label] }), 'elsewhere they are names like any other');
});

test('bucket bounds must be finite numbers that increase', async (t) => {
  const define = definer(collectorFor(t));
  for (const [buckets, says] of [
    [[], 'got 0'],
    [[Number.POSITIVE_INFINITY], 'got 0'],
    [[1, 1], 'got 1 after 1'],
    [[2, 1], 'got 1 after 2'],
    [[0, -0], 'got 0 after 0'],
    [[1, Number.NaN], 'got NaN'],
    [[Number.NaN], 'got NaN'],
    [[Number.NEGATIVE_INFINITY, 1], 'got -Infinity'],
    [[1, Number.POSITIVE_INFINITY, 2], 'got Infinity'],
    [['1'], 'got "1"'],
    [[1, null], 'got null'],
    [[1n], 'got 1n'],
    [Array.from({ length: 5000 }, (_, index) => index), 'got 5000'],
    ['1,2', 'got "1,2"'],
    [1, 'got 1'],
    [{ 0: 1, length: 1 }, 'got an object'],
    [new Float64Array([1, 2]), 'got an object'],
  ] as const)
    refuses(t, () => define('histogram', 'h', { buckets }), 'RINGMETER_INVALID_BUCKETS', says);
  t.ok(define('histogram', 'h', { buckets: [-1, 0, 1e-300, Number.MAX_VALUE] }));
  t.ok(define('histogram', 'many', { buckets: Array.from({ length: 4000 }, (_, index) => index) }));
});

test('null is refused as buckets', async (t) => {
  const define = definer(collectorFor(t));
  refuses(t, () => define('histogram', 'h', { buckets: null }), 'RINGMETER_INVALID_BUCKETS', 'got null');
});

test('a hole in a list is not a number', async (t) => {
  const define = definer(collectorFor(t));
  // biome-ignore lint/suspicious/noSparseArray: the typo that this is about
  refuses(t, () => define('histogram', 'h', { buckets: [1, , 3] }), 'RINGMETER_INVALID_BUCKETS', 'got undefined');
  // biome-ignore lint/suspicious/noSparseArray: the typo that this is about
  refuses(t, () => define('summary', 's', { quantiles: [0.5, , 0.9] }), 'RINGMETER_INVALID_OPTION', 'quantiles');
});

test('options of the wrong type, or that do not exist, are refused by name', async (t) => {
  const define = definer(collectorFor(t));
  const refused = (kind: (typeof kinds)[number], options: unknown, ...says: string[]): void =>
    refuses(t, () => define(kind, 'm', options), 'RINGMETER_INVALID_OPTION', ...says);
  for (const kind of kinds) {
    for (const options of [null, 'text', 7, true, [], () => {}]) refused(kind, options, 'options of m');
    refused(kind, { description: 7 }, 'description of m', 'got 7');
    refused(kind, { description: null }, 'description of m', 'got null');
    refused(kind, { unit: {} }, 'unit of m', 'got an object');
    refused(kind, { help: 'x' }, 'description', 'got "help"');
    refused(kind, { labelnames: ['a'] }, 'labelNames', 'got "labelnames"');
  }
  for (const kind of ['counter', 'gauge', 'summary'] as const) refused(kind, { buckets: [1] }, 'got "buckets"');
  for (const kind of ['counter', 'gauge', 'histogram'] as const) {
    refused(kind, { maxAge: 1 }, 'got "maxAge"');
    refused(kind, { quantiles: [1] }, 'got "quantiles"');
  }
  for (const maxAge of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '60', null, 60n])
    refused('summary', { maxAge }, 'maxAge of m');
  for (const maxSamples of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '60', null])
    refused('summary', { maxSamples }, 'maxSamples of m');
  const many = Array.from({ length: 101 }, (_, index) => index / 200);
  for (const quantiles of [[-0.1], [1.1], [Number.NaN], ['0.5'], [0.5, 0.5], 0.5, null, 'x', many])
    refused('summary', { quantiles }, 'quantiles of m');
});

test('a unit is the suffix of the name, before _total', async (t) => {
  const define = definer(collectorFor(t));
  for (const [name, unit] of [
    ['a', 'seconds'],
    ['seconds', 'seconds'],
    ['a_seconds_sum', 'seconds'],
    ['a_milliseconds', 'seconds'],
    ['a_total', 'total'],
  ])
    for (const kind of kinds)
      refuses(t, () => define(kind, name, { unit }), 'RINGMETER_INVALID_UNIT', JSON.stringify(unit), name);
  t.ok(define('histogram', 'a_seconds', { unit: 'seconds' }));
  t.ok(define('counter', 'b_bytes_total', { unit: 'bytes' }));
  t.ok(define('gauge', 'c', { unit: '' }));
});

test('a name stands for one metric: another type, other buckets or other labels are a conflict', async (t) => {
  const define = definer(collectorFor(t));
  const conflict = (kind: (typeof kinds)[number], name: string, options: unknown, ...says: string[]): void =>
    refuses(t, () => define(kind, name, options), 'RINGMETER_METRIC_CONFLICT', name, ...says);
  for (const kind of kinds) define(kind, `a_${kind}`, { labelNames: ['x', 'y'] });
  for (const kind of kinds)
    for (const other of kinds) if (other !== kind) conflict(other, `a_${kind}`, undefined, 'type', kind, other);
  for (const kind of kinds) {
    for (const labelNames of [['x'], ['x', 'z'], ['x', 'y', 'z'], []])
      conflict(kind, `a_${kind}`, { labelNames }, 'labelNames');
    t.ok(define(kind, `a_${kind}`, { labelNames: ['y', 'x'] }), 'the order of label names does not matter');
    define(kind, `free_${kind}`);
    conflict(kind, `free_${kind}`, { labelNames: ['x'] }, 'labelNames');
    conflict(kind, `free_${kind}`, { labelNames: [] }, 'labelNames');
  }
  define('histogram', 'h', { buckets: [1, 2] });
  conflict('histogram', 'h', { buckets: [1, 3] }, 'buckets', '[1,2]', '[1,3]');
  conflict('histogram', 'h', { buckets: [1] }, 'buckets');
  t.ok(define('histogram', 'h'), 'what is left out may be anything');
  define('summary', 's', { maxAge: 1, maxSamples: 10, quantiles: [0.5] });
  conflict('summary', 's', { maxAge: 2 }, 'maxAge');
  conflict('summary', 's', { maxSamples: 11 }, 'maxSamples');
  conflict('summary', 's', { quantiles: [0.6] }, 'quantiles');
  define('gauge', 'u_bytes', { unit: 'bytes' });
  conflict('gauge', 'u_bytes', { unit: '' }, 'unit');
});

test('a label named undefined is a conflict like any other', async (t) => {
  const define = definer(collectorFor(t));
  define('counter', 'c');
  refuses(t, () => define('counter', 'c', { labelNames: ['undefined'] }), 'RINGMETER_METRIC_CONFLICT');
});

test('no metric may have the name of a line of another metric', async (t) => {
  const lines = { counter: [], gauge: [], histogram: ['_bucket', '_sum', '_count'], summary: ['_sum', '_count'] };
  for (const kind of kinds)
    for (const suffix of lines[kind])
      for (const other of kinds) {
        const define = definer(collectorFor(t));
        define(kind, 'x');
        refuses(t, () => define(other, `x${suffix}`), 'RINGMETER_METRIC_CONFLICT', `x${suffix}`, 'x');
        define(other, `y${suffix}`);
        refuses(t, () => define(kind, 'y'), 'RINGMETER_METRIC_CONFLICT', 'y', `y${suffix}`);
      }
  const define = definer(collectorFor(t));
  define('counter', 'z');
  t.ok(define('counter', 'z_sum'), 'a counter has no line of that name');
  define('summary', 'q');
  t.ok(define('counter', 'q_bucket'), 'a summary has no line of that name');
});

test('a refused definition leaves nothing behind', async (t) => {
  const collector = collectorFor(t);
  const define = definer(collector);
  refuses(t, () => define('counter', 'm', { labelNames: ['__a'] }), 'RINGMETER_INVALID_LABEL_NAME');
  refuses(t, () => define('histogram', 'm', { buckets: [] }), 'RINGMETER_INVALID_BUCKETS');
  refuses(t, () => define('gauge', 'm', { description: 7 }), 'RINGMETER_INVALID_OPTION');
  t.equal(collector.stats().metrics, 0);
  t.ok(define('summary', 'm'), 'the name is still free');
  t.ok((await samplesOf(collector)).has('m_count'));
});

test('a definition that does not fit below maxMemory is refused', async (t) => {
  const define = definer(collectorFor(t, { maxMemory: 2 ** 20, maxThreads: 1, ringCapacity: 64 }));
  refuses(
    t,
    () => define('counter', 'm', { description: 'x'.repeat(2 ** 20) }),
    'RINGMETER_OUT_OF_MEMORY',
    'maxMemory',
  );
  t.ok(define('counter', 'm'), 'one that fits still does');
});
