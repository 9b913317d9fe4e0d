import { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { Program } from '../package/consumer';

const SIGNALS = ['SIGTERM', 'SIGUSR2'] as const;
const listening = (): number[] => ['exit', ...SIGNALS].map((event) => process.listenerCount(event));

test('no signal has a listener unless asked for, and none has one after the collector is closed', async (t) => {
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

test('all collectors with shutdown.signals are closed before the signal ends the process', async (t) => {
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

test('several collectors whose storages do not answer close concurrently, and one that throws does not stop the others', async (t) => {
  const script = `
    const { MetricsCollector, PrometheusStorage } = require('ringmeter');
    const server = require('node:net').createServer(() => {}).listen(0, '127.0.0.1', () => {
      const url = 'http://127.0.0.1:' + server.address().port;
      for (let index = 0; index < 4; index++) {
        const storage = new PrometheusStorage({ pushgateway: { url, job: 'job' } });
        new MetricsCollector({ flushWorkers: 0, flushInterval: 0, maxMemory: 2 ** 23, shutdown: { timeout: 3_000 }, storage })
          .counter('jobs_total').increment();
      }
      process.on('warning', ({ message }) => {
        console.log('warned', message);
        throw new Error('a listener that throws');
      });
      process.prependListener('exit', () => { began = performance.now(); });
      process.on('exit', () => console.log('took', Math.round(performance.now() - began)));
      let began = 0;
      setTimeout(() => process.exit(0), 300);
    });`;
  const { code, output } = await Program.start(t, __dirname, ['-e', script], {}, 40_000).ended;
  t.equal(code, 0, output);
  t.equal(output.match(/^warned last flush, /gm)?.length, 4, output);
  const took = Number(/^took (\d+)$/m.exec(output)?.[1]);
  t.ok(took >= 2_900 && took < 2 * 3_000, `${took} ms`);
});
