import { type Finding, MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { lint } from '../../dist/src/lint/lint.js';
import { decodeScrape } from '../../dist/src/scrape/decode.js';
import { HttpSource } from '../../dist/src/scrape/source.js';

const isOwn = ({ metric }: Finding): boolean => !/^(?:process|nodejs|ringmeter)_/.test(metric);

for (const flushWorkers of [0, 1])
  test(`a collector lints itself as its endpoint is linted (flushWorkers: ${flushWorkers})`, async (t) => {
    const collector = new MetricsCollector({ flushWorkers, flushInterval: 0, cardinalityLimit: 20 });
    t.teardown(() => collector.close());
    const wait = collector.histogram('wait_seconds', { description: 'Wait.' });
    for (let n = 0; n < 1_000; n++) wait.observe(60 + n);
    const logins = collector.counter('logins', { description: 'Logins.' });
    for (let n = 0; n < 30; n++) logins.increment(1, { user: `user${n}@example.com` });
    collector.gauge('never_changed', { description: 'Never set.' });
    // what the library itself shows is called as it is called elsewhere
    const findings = (await collector.lint()).filter(isOwn);
    t.same(
      findings.map(({ metric, rule, label }) => [metric, rule, label]),
      [
        ['wait_seconds', 'buckets-beyond', undefined],
        ['logins', 'counter-total', undefined],
        ['logins', 'label-email', 'user'],
        ['logins', 'cardinality-overflow', 'ringmeter_overflow'],
      ],
    );
    const { buckets } = findings[0];
    t.ok(buckets!.at(-1)! > 1_060, `${buckets} spans the values`);
    t.ok(findings.every((finding) => !('line' in finding)));

    const { url } = await collector.listen({ port: 0 });
    const source = new HttpSource(new URL(url), { headers: {}, timeout: 10_000 });
    t.teardown(() => source.close());
    const seen = lint(await source.scrape())
      .filter(isOwn)
      .map(({ line, ...finding }) => finding);
    t.same(JSON.parse(JSON.stringify(seen)), JSON.parse(JSON.stringify(findings)));
  });

test('a closed collector does not lint', async (t) => {
  const collector = new MetricsCollector({ flushWorkers: 0, flushInterval: 0 });
  await collector.close();
  await t.rejects(collector.lint(), { code: 'RINGMETER_CLOSED' });
});

test('records, scrapes and definitions during a lint do not change its findings', async (t) => {
  const collector = new MetricsCollector({ flushWorkers: 1, flushInterval: 0, defaultLabels: { service: 'a' } });
  t.teardown(() => collector.close());
  for (let n = 0; n < 300; n++) collector.counter(`c${n}_total`, { description: 'Some.' }).increment(1, { n });
  const linted = collector.lint();
  for (let n = 0; n < 300; n++) collector.counter(`c${n}_total`).increment(1, { n: n + 1 });
  for (let n = 0; n < 50; n++) collector.counter(`late${n}`).increment();
  const scrapes = Promise.all(Array.from({ length: 20 }, () => collector.exposition()));
  t.same(
    (await linted).filter(isOwn).filter(({ metric }) => !metric.startsWith('late')),
    [],
  );
  const bodies = (await scrapes).map(({ body }) => decodeScrape(body));
  t.ok(bodies.every(({ notes }) => notes.length === 0));
  t.equal((await collector.lint()).filter(({ rule }) => rule === 'counter-total').length, 50);
});
