import fc from 'fast-check';
import { type CollectorOptions, MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { ANY_CHARACTER } from '../helpers/any-character';
import { parseExposition, parseNumber, sampleValue } from '../helpers/parse-exposition';

/** The smallest collector there is, without a worker: made anew for every case of a property. */
const SMALL: CollectorOptions = {
  flushWorkers: 0,
  flushInterval: 0,
  storage: [],
  maxMemory: 2 ** 21,
  maxThreads: 1,
  ringCapacity: 64,
};

async function using<T>(options: CollectorOptions, action: (collector: MetricsCollector) => Promise<T>): Promise<T> {
  const collector = new MetricsCollector({ ...SMALL, ...options });
  try {
    return await action(collector);
  } finally {
    await collector.close();
  }
}

function collectorFor(t: Test, options: CollectorOptions = {}): MetricsCollector {
  const collector = new MetricsCollector({ ...SMALL, ...options });
  t.teardown(() => collector.close());
  return collector;
}

async function familiesOf(collector: MetricsCollector) {
  return parseExposition((await collector.exposition()).body);
}

/** What of a string can be sent: half of a surrogate pair has no UTF-8, and becomes the replacement character. */
const sent = (text: string) => Buffer.from(text).toString();

/** Strings of the characters that formats trip over, of any Unicode, and of lone surrogates. */
const anyText = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\r', '}', '{', ',', '=', ' ', '#', 'n', 'a', '\u2028', '\0') }),
  fc.string({ unit: ANY_CHARACTER }),
  fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
);
const labelName = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,6}$/).filter((name) => !['le', 'quantile'].includes(name));
const labelSet = fc.dictionary(labelName, anyText, { maxKeys: 4, noNullPrototype: true });
test('every description and label value is read back unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, labelSet, async (description, labels) =>
      using({}, async (collector) => {
        collector.counter('c_total', { description }).increment(3, labels);
        collector.gauge('g', { description }).set(-2.5, labels);
        collector.histogram('h', { description, buckets: [1] }).observe(2, labels);
        collector.summary('s', { description }).observe(4, labels);
        const families = await familiesOf(collector);
        const shown = Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, sent(value)]));
        return (
          families.length === 4 &&
          families.every(({ help }) => help === (description === '' ? undefined : sent(description))) &&
          sampleValue(families, 'c_total', shown) === 3 &&
          sampleValue(families, 'g', shown) === -2.5 &&
          sampleValue(families, 'h_bucket', { ...shown, le: '1' }) === 0 &&
          sampleValue(families, 'h_bucket', { ...shown, le: '+Inf' }) === 1 &&
          sampleValue(families, 's_sum', shown) === 4
        );
      }),
    ),
    { numRuns: 150 },
  );
});

test('any label sets give an exposition that a scraper can read completely', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(labelSet, { minLength: 1, maxLength: 8 }), async (sets) =>
      using({}, async (collector) => {
        const requests = collector.counter('requests_total');
        for (const labels of sets) requests.increment(1, labels);
        const [{ lines }] = await familiesOf(collector);
        return lines.reduce((sum, { value }) => sum + value, 0) === sets.length;
      }),
    ),
    { numRuns: 150 },
  );
});

test('an empty label value and a missing label are the same series, as for Prometheus', async (t) => {
  const collector = collectorFor(t);
  const requests = collector.counter('requests_total');
  requests.increment(1);
  requests.increment(2, { route: '' });
  requests.increment(4, { route: '', method: 'GET' });
  requests.increment(8, { method: 'GET' });
  const families = await familiesOf(collector);
  t.equal(sampleValue(families, 'requests_total'), 3);
  t.equal(sampleValue(families, 'requests_total', { method: 'GET' }), 12);
});

test('any buckets and observations give cumulative counts that end in _count', async () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  const bounds = fc.uniqueArray(finite, { minLength: 1, maxLength: 8, comparator: (a, b) => a === b });
  await fc.assert(
    fc.asyncProperty(bounds, fc.array(finite, { maxLength: 20 }), async (unsorted, values) =>
      using({}, async (collector) => {
        const buckets = unsorted.toSorted((a, b) => a - b);
        const sizes = collector.histogram('sizes', { buckets });
        for (const value of values) sizes.observe(value);
        const [{ lines }] = await familiesOf(collector);
        const expected = [...buckets, Number.POSITIVE_INFINITY].map(
          (bound) => values.filter((value) => value <= bound).length,
        );
        return expected.every((count, index) => lines[index].value === count);
      }),
    ),
    { numRuns: 150 },
  );
});

test('bounds and quantiles are read back unchanged', async (t) => {
  const collector = collectorFor(t);
  const buckets = [-1e21, -0.1, 0, 1e-7, 0.1 + 0.2, 1, 1e21, Number.MAX_VALUE];
  collector.histogram('h', { buckets }).observe(0);
  collector.summary('s', { quantiles: [0, 1e-7, 0.5, 1] }).observe(1);
  const [histogram, summary] = await familiesOf(collector);
  const own = (lines: typeof summary.lines, label: string) =>
    lines.filter(({ labels }) => label in labels).map(({ labels }) => parseNumber(labels[label]));
  t.same(own(histogram.lines, 'le'), [...buckets, Number.POSITIVE_INFINITY]);
  t.same(own(summary.lines, 'quantile'), [0, 1e-7, 0.5, 1]);
});

for (const [one, other] of [
  [
    { a: 'x|y', b: 'z' },
    { a: 'x', b: 'y|z' },
  ],
  [
    { a: '1,b:2', b: '3' },
    { a: '1', b: '2,b:3' },
  ],
  [
    { a: '1",b="2', b: '3' },
    { a: '1', b: '2",b="3' },
  ],
  [
    { a: '\\', b: '"' },
    { a: '\\"', b: '' },
  ],
  [
    { a: '\\n', b: '1' },
    { a: '\n', b: '1' },
  ],
]) {
  test(`${JSON.stringify(one)} and ${JSON.stringify(other)} stay two series`, async (t) => {
    const collector = collectorFor(t);
    for (const name of ['free_total', 'fixed_total']) {
      const metric = collector.counter(name, name === 'free_total' ? {} : { labelNames: ['a', 'b'] });
      metric.increment(1, one);
      metric.labels(other).increment(2);
      const families = await familiesOf(collector);
      t.equal(sampleValue(families, name, one), 1);
      t.equal(sampleValue(families, name, other), 2);
    }
  });
}

test('changing the object that labels were given with changes nothing', async (t) => {
  const collector = collectorFor(t);
  const labels = { route: '/a' };
  const requests = collector.counter('requests_total');
  const bound = requests.labels(labels);
  requests.increment(1, labels);
  collector.counter('bound_total', { labels }).increment(5);
  labels.route = '/b';
  bound.increment(2);
  requests.increment(4, labels);
  const families = await familiesOf(collector);
  t.equal(sampleValue(families, 'requests_total', { route: '/a' }), 3);
  t.equal(sampleValue(families, 'requests_total', { route: '/b' }), 4);
  t.equal(sampleValue(families, 'bound_total', { route: '/a' }), 5);
});

test('default labels stand on every line, and a series may override them', async (t) => {
  const collector = collectorFor(t, { defaultLabels: { service: 'a"b\\c\nd', shard: 7, canary: false } });
  const defaults = { service: 'a"b\\c\nd', shard: '7', canary: 'false' };
  collector.counter('c_total').increment(1);
  collector.counter('c_total').increment(2, { shard: 8 });
  collector.histogram('h', { buckets: [1] }).observe(0.5);
  collector.summary('s').observe(0.5, { zone: 'x' });
  collector.gauge('untouched');
  const families = await familiesOf(collector);
  t.equal(sampleValue(families, 'c_total', defaults), 1);
  t.equal(sampleValue(families, 'c_total', { ...defaults, shard: '8' }), 2);
  t.equal(sampleValue(families, 'h_bucket', { ...defaults, le: '1' }), 1);
  t.equal(sampleValue(families, 'h_sum', defaults), 0.5);
  t.equal(sampleValue(families, 's_count', { ...defaults, zone: 'x' }), 1);
  t.equal(sampleValue(families, 'untouched', defaults), 0);
});

test('a default label that a series spells out itself does not make it a second series', async (t) => {
  const collector = collectorFor(t, { defaultLabels: { shard: '7' } });
  collector.counter('c_total').increment(1);
  collector.counter('c_total').increment(2, { shard: '7' });
  const families = await familiesOf(collector);
  t.equal(sampleValue(families, 'c_total', { shard: '7' }), 3);
});

for (const name of ['le', 'quantile']) {
  test(`a default label ${name} does not break the lines that have one of their own`, async (t) => {
    let collector: MetricsCollector;
    try {
      collector = collectorFor(t, { defaultLabels: { [name]: 'x' } });
    } catch (error) {
      t.equal((error as { code?: string }).code, 'RINGMETER_RESERVED_LABEL_NAME', 'or is refused');
      return;
    }
    collector.histogram('h', { buckets: [1] }).observe(1);
    collector.summary('s').observe(1);
    t.equal((await familiesOf(collector)).length, 2);
  });
}

test('a metric without series shows itself as zero if it can have one without labels, and by its TYPE alone if not', async (t) => {
  const collector = collectorFor(t);
  collector.counter('c_total');
  collector.gauge('g', { labelNames: ['pool'] });
  collector.histogram('h', { buckets: [1, 2] });
  collector.summary('s');
  const families = await familiesOf(collector);
  t.same(
    families.map(({ name, lines }) => `${name} ${lines.length}`),
    ['c_total 1', 'g 0', 'h 5', 's 6'],
  );
  t.equal(sampleValue(families, 'c_total'), 0);
  t.equal(sampleValue(families, 'h_count'), 0);
  t.ok(Number.isNaN(sampleValue(families, 's', { quantile: '0.5' })));
});

test('a collector without metrics gives an empty body of the right type', async (t) => {
  const { contentType, body } = await collectorFor(t).exposition();
  t.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8');
  t.equal(body.length, 0);
});

test('names choose metrics by their own name and by the names of their lines', async (t) => {
  const collector = collectorFor(t);
  collector.counter('c_total').increment();
  collector.histogram('h', { buckets: [1] }).observe(1);
  collector.summary('s').observe(1);
  const chosen = async (...names: string[]) =>
    parseExposition((await collector.exposition({ names })).body).map(({ name }) => name);
  t.same(await chosen('c_total'), ['c_total']);
  t.same(await chosen('h'), ['h']);
  t.same(await chosen('h_bucket', 's_sum'), ['h', 's']);
  t.same(await chosen('c', 'h_', 'le', ''), []);
});

test('rendering twice gives the same text, and new series and metrics are added', async (t) => {
  const collector = collectorFor(t);
  const requests = collector.counter('requests_total', { labelNames: ['route'] });
  for (let round = 1; round <= 5; round++) {
    for (let route = 0; route < round * 40; route++) requests.increment(1, { route });
    const first = (await collector.exposition()).body;
    t.same((await collector.exposition()).body, first);
    const [{ lines }] = parseExposition(first);
    t.equal(lines.length, round * 40);
    t.equal(lines[0].value, round);
  }
});

test('a hundred thousand observations and sums beyond the safe integers are exact', async (t) => {
  const collector = collectorFor(t);
  const bytes = collector.histogram('transferred_bytes', { buckets: [1e9, 1e15] });
  for (let index = 0; index < 100_000; index++) bytes.observe(1e12);
  collector.counter('big_total').increment(2 ** 60);
  collector.gauge('small').set(-5e-324);
  const families = await familiesOf(collector);
  t.equal(sampleValue(families, 'transferred_bytes_bucket', { le: '1000000000' }), 0);
  t.equal(sampleValue(families, 'transferred_bytes_bucket', { le: '1000000000000000' }), 100_000);
  t.equal(sampleValue(families, 'transferred_bytes_sum'), 1e17);
  t.equal(sampleValue(families, 'big_total'), 2 ** 60);
  t.equal(sampleValue(families, 'small'), -5e-324);
});
