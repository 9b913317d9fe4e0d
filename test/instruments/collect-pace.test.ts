import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MetricsCollector, readMetricsDirectory } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor, samplesOf, textOf } from './support';

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Counts turns of the event loop, and the longest time without one. */
function watchTurns(t: Test) {
  const seen = { turns: 0, longest: 0 };
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    seen.turns++;
    seen.longest = Math.max(seen.longest, now - last);
    last = now;
  }, 1);
  t.teardown(() => clearInterval(timer));
  return seen;
}

for (const flushWorkers of [0, 1])
  for (const [kind, call] of [
    ['at once', (): void => block(20)],
    [
      'after a promise',
      async (): Promise<void> => {
        await null;
        block(20);
      },
    ],
  ] as const)
    test(`slow callbacks that answer ${kind} take a share of the event loop, however often they are asked (flushWorkers: ${flushWorkers})`, async (t) => {
      const collector = new MetricsCollector({ flushInterval: 0, flushWorkers, storage: [] });
      t.teardown(() => collector.close());
      let calls = 0;
      collector.gauge('slow').collect(async () => {
        await call();
        return ++calls;
      });
      await textOf(collector);
      const seen = watchTurns(t);
      const before = calls;
      const began = performance.now();
      const client = async (): Promise<void> => {
        while (performance.now() - began < 1_500) await textOf(collector);
      };
      // a thread that was blocked while it was asked is asked on and on
      block(400);
      await Promise.all(Array.from({ length: 8 }, client));
      const asked = calls - before;
      const took = performance.now() - began;
      t.ok(asked > 2, `asked ${asked} times`);
      t.ok(asked * 20 < took / 3, `${asked * 20} of ${took} ms`);
      t.ok(seen.turns > 2 * asked, `${seen.turns} turns`);
    });

for (const ask of ['getAllMetrics', 'exposition', 'flush', 'cardinality'] as const)
  test(`a callback that awaits ${ask}() delays one snapshot and lets the event loop turn`, async (t) => {
    const collector = collectorFor(t, { collectTimeout: 50 });
    let calls = 0;
    collector.gauge('inward').collect(async () => {
      calls++;
      await collector[ask]();
      return 1;
    });
    await textOf(collector);
    const { cpuUsage } = process;
    const before = cpuUsage();
    const seen = watchTurns(t);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { user, system } = cpuUsage(before);
    t.ok(seen.turns > 20, `${seen.turns} turns`);
    t.ok(calls <= 4, `called ${calls} times`);
    t.ok(user + system < 250_000, `${user + system} us of the processor`);
    t.equal((await samplesOf(collector)).get('inward'), 1);
  });

for (const flushWorkers of [0, 1])
  for (const [when, callback] of [
    ['ends the process', '() => { if (++calls === 2) process.exit(0); return calls; }'],
    [
      'ends the process after a promise',
      'async () => { await null; if (++calls === 2) process.exit(0); return calls; }',
    ],
    ['ends the process in its last call only', '() => { if (ending) process.exit(0); return ++calls; }'],
  ])
    test(`a callback that ${when} does not prevent the last flush (flushWorkers: ${flushWorkers})`, async (t) => {
      const directory = t.testdir();
      const code = `
        const { FileStorage, MetricsCollector } = require('ringmeter');
        const storage = new FileStorage({ directory: ${JSON.stringify(directory)} });
        const shutdown = { timeout: 20_000 };
        const collector = new MetricsCollector({ storage, flushInterval: 0, flushWorkers: ${flushWorkers}, shutdown });
        let calls = 0;
        let ending = false;
        const events = collector.counter('events_total');
        collector.gauge('first').collect(() => 1);
        collector.gauge('ends').collect(${callback});
        collector.gauge('last').collect(() => 3);
        events.increment();
        collector.exposition().then(() => {
          events.increment(6);
          if (${when.includes('last call')}) { ending = true; process.exit(0); }
          collector.exposition();
          setInterval(() => {}, 1000);
        });`;
      const [status] = await once(spawn(process.execPath, ['-e', code], { cwd: __dirname, stdio: 'inherit' }), 'exit');
      t.equal(status, 0);
      const stored: unknown[] = [];
      for await (const { metrics } of readMetricsDirectory(directory))
        stored.push(metrics.find(({ name }) => name === 'events_total')?.value);
      t.same(stored, [7]);
    });

for (const flushWorkers of [0, 1])
  test(`closing during a callback answers earlier calls, and gives no warning (flushWorkers: ${flushWorkers})`, async (t) => {
    const warnings: unknown[] = [];
    const note = (warning: unknown): unknown => warnings.push(warning);
    process.on('warning', note);
    t.teardown(() => process.removeListener('warning', note));
    const collector = new MetricsCollector({ flushInterval: 0, flushWorkers, storage: [] });
    let closing: Promise<void> | undefined;
    collector.gauge('closes').collect(async () => {
      closing ??= collector.close();
      // refused, since the collector is being closed
      await collector.flush();
      return 1;
    });
    t.match(await textOf(collector), /^closes /m);
    await closing;
    await new Promise(setImmediate);
    t.same(warnings, []);
  });
