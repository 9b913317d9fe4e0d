import { inspect } from 'node:util';
import { AlertmanagerNotifier, FileStorage, MemoryStorage, PrometheusStorage } from 'ringmeter';
import { test } from 'tap';
import { collectorFor } from '../instruments/support';

test('console.log and JSON.stringify show a few fields and not the arena', async (t) => {
  const memory = new MemoryStorage();
  const collector = collectorFor(t, { storage: memory });
  const counter = collector.counter('requests_total', { description: 'Requests.' });
  const endpoint = await collector.listen({ port: 0, auth: { token: 'a-secret-of-some-length' } });
  const objects = {
    collector,
    counter,
    boundCounter: counter.labels({ route: '/a' }),
    gauge: collector.gauge('g'),
    boundGauge: collector.gauge('g', { labels: {} }),
    histogram: collector.histogram('h'),
    boundHistogram: collector.histogram('h', { labels: {} }),
    summary: collector.summary('s'),
    boundSummary: collector.summary('s', { labels: {} }),
    memory,
    file: new FileStorage({ directory: '/tmp/never-made' }),
    prometheus: new PrometheusStorage({
      remoteWrite: { url: 'http://127.0.0.1/' },
      basicAuth: { username: 'u', password: 'a-secret' },
    }),
    notifier: new AlertmanagerNotifier({
      url: 'http://127.0.0.1/',
      basicAuth: { username: 'u', password: 'a-secret' },
    }),
    endpoint,
  };
  for (const [name, object] of Object.entries(objects))
    for (const text of [
      JSON.stringify({ object }),
      inspect({ object }),
      inspect(object, { depth: null, showHidden: true }),
    ]) {
      t.ok(text.length < 1_000, `${name}: ${text.length} characters`);
      t.notMatch(text, /a-secret/);
    }
  t.same(JSON.parse(JSON.stringify(counter)), { type: 'counter', name: 'requests_total', description: 'Requests.' });
  t.same(JSON.parse(JSON.stringify(objects.boundCounter)), {
    type: 'counter',
    name: 'requests_total',
    labels: { route: '/a' },
  });
  t.match(inspect(counter), /^Counter \{ type: 'counter', name: 'requests_total'/);
  t.match(inspect([[[counter]]]), /\[Counter\]/);
});
