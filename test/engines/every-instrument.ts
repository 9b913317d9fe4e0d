import type { MetricsCollector } from 'ringmeter';

/** Records on all four instruments, with values that are easy to get wrong on the way. */
export function everyInstrument(collector: MetricsCollector): void {
  const requests = collector.counter('requests_total', { description: 'Requests', labelNames: ['route', 'Status'] });
  for (const route of ['/', 'ü 你 🚀', '"quoted"\\', 'two\nlines', '{}=,']) {
    requests.increment(3, { route, Status: 200 });
    requests.increment(2 ** 53 - 1, { route, Status: 500 });
  }
  const open = collector.gauge('open_connections', { description: 'Connections' });
  open.set(-1e-9, { pool: 'a' });
  open.set(123.456, { pool: 'b' });
  const wait = collector.histogram('wait_seconds', { unit: 'seconds', labelNames: ['route'], buckets: [0.1, 1, 10] });
  for (const value of [0, 0.3, 7, 1e300]) wait.observe(value, { route: '/' });
  const sizes = collector.summary('answer_size_bytes', { description: 'Sizes' });
  for (const value of [1, 2, 3]) sizes.observe(value, { route: '/' });
  collector.counter('untouched_total');
}
