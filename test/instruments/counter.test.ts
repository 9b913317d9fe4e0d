import { MetricsCollector } from 'ringmeter';
import { test } from 'tap';

test('a counter adds up increments and reads its own writes', async (t) => {
  const collector = new MetricsCollector({ flushWorkers: 0 });
  t.teardown(() => collector.close());
  const requests = collector.counter('requests_total', { labelNames: ['method'] });
  const get = requests.labels({ method: 'GET' });
  get.increment();
  get.inc(5);
  requests.increment(2, { method: 'GET' });
  t.equal(get.getValue(), 8);
  t.equal(requests.getValue({ method: 'POST' }), 0);
});
