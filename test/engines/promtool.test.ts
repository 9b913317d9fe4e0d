import { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { parseExposition } from '../helpers/parse-exposition';
import { needs, promtoolCheck } from './engine';

/** Label values and descriptions that end strings, lines, label sets and expositions in careless formats. */
const HOSTILE = [
  '',
  '"',
  '\\',
  '\n',
  '\r\n',
  '\\n',
  '\\"',
  '"} 1\nfake_total{x="',
  '# TYPE fake_total counter',
  '# EOF',
  '{}=,',
  ' \t ',
  '\0\u0001\u007f',
  '\u2028\u2029\ufeff',
  'Grüße 你好 🚀',
  '\ud800 lone \udfff',
  '1,b:2|x',
  'x'.repeat(10_000),
];

function everyInstrument(collector: MetricsCollector): void {
  const description = HOSTILE.join(' and ');
  const requests = collector.counter('requests_total', { description, labelNames: ['route', 'status'] });
  const connections = collector.gauge('open_connections', { description });
  const wait = collector.histogram('wait_seconds', { description, unit: 'seconds', labelNames: ['route'] });
  const sizes = collector.summary('answer_size_bytes', { description, labelNames: ['route'] });
  collector.counter('untouched_total', { description: 'Never incremented' });
  collector.histogram('untouched_seconds', { description: 'Never observed', buckets: [0.1] });
  collector.summary('untouched_bytes', { description: 'Never observed' });
  for (const route of HOSTILE) {
    requests.increment(3, { route, status: 200 });
    requests.labels({ route, status: '"' }).increment(2 ** 60);
    connections.set(-1e-9, { pool: route || 'none' });
    for (const value of [0, 0.3, 7, 1e300]) wait.observe(value, { route });
    for (const value of [1, 2, 3]) sizes.observe(value, { route });
  }
}

for (const flushWorkers of [0, 1]) {
  const options = needs('promtool');
  test(
    `promtool finds no problem in the exposition of every instrument (flushWorkers: ${flushWorkers})`,
    options,
    async (t) => {
      const collector = new MetricsCollector({
        flushWorkers,
        flushInterval: 0,
        defaultLabels: { service: 'a "b" \\ c' },
      });
      t.teardown(() => collector.close());
      everyInstrument(collector);
      const { body } = await collector.exposition();
      const { code, output } = await promtoolCheck(body);
      t.equal(output, '');
      t.equal(code, 0);
      t.equal(parseExposition(body).length, 7);
    },
  );
}

test('promtool does find problems that are there', needs('promtool'), async (t) => {
  const collector = new MetricsCollector({ flushWorkers: 0, flushInterval: 0 });
  t.teardown(() => collector.close());
  collector.counter('requests').increment();
  const { code, output } = await promtoolCheck((await collector.exposition()).body);
  t.equal(code, 3);
  t.match(output, /requests no help text/);
  t.match(output, /_total/);
  t.equal((await promtoolCheck(Buffer.from('requests{ 1\n'))).code, 1);
});
