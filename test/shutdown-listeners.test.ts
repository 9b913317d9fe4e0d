import { MetricsCollector } from 'ringmeter';
import { test } from 'tap';

const SIGNALS = ['SIGTERM', 'SIGUSR2'] as const;
const listening = (): number[] => ['exit', ...SIGNALS].map((event) => process.listenerCount(event));

test('nobody listens to a signal unasked, and to nothing when the collector is closed', async (t) => {
  const before = listening();
  const plain = new MetricsCollector({ flushWorkers: 0 });
  const [exit, ...signals] = listening();
  t.equal(exit, before[0] + 1);
  t.same(signals, before.slice(1));
  const asked = new MetricsCollector({ flushWorkers: 0, shutdown: { signals: SIGNALS } });
  t.same(
    listening(),
    before.map((count) => count + 1),
    'one listener at the exit is enough for all collectors',
  );
  await Promise.all([plain.close(), asked.close()]);
  t.same(listening().slice(1), before.slice(1));
  t.ok(listening()[0] <= before[0]);
});

test('collectors that were told to listen to a signal are all closed before it ends the process', async (t) => {
  const own = (): void => {};
  process.on('SIGUSR2', own);
  const before = listening();
  const collectors = Array.from(
    { length: 2 },
    () => new MetricsCollector({ flushWorkers: 0, shutdown: { signals: ['SIGUSR2'] } }),
  );
  process.kill(process.pid, 'SIGUSR2');
  while (!collectors.every(({ closed }) => closed)) await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all(collectors.map((collector) => collector.close()));
  t.same(listening().slice(1), before.slice(1), 'the one of the test is left, for whose sake it did not end');
  process.off('SIGUSR2', own);
});
