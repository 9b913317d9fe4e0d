import { type CollectorOptions, MemoryStorage, type MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { needs, promtoolCheck } from '../engines/engine';
import { collectorFor, samplesOf, until } from '../instruments/support';
import { Journal, MODE } from '../storages/journal';

const QUICK = { firstDelay: 20, longestDelay: 40 };

/** A collector with a counter `n` that is one more in each snapshot that `flush` takes. */
function delivering(t: Test, storage: CollectorOptions['storage'], options: CollectorOptions = {}) {
  const collector = collectorFor(t, { storage, ...options });
  const counter = collector.counter('n');
  return {
    collector,
    flush: () => {
      counter.increment();
      return collector.collectAndStore();
    },
    stats: (name = 'journal') => collector.stats().storages.find((storage) => storage.name === name)!,
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

for (const flushWorkers of [0, 1]) {
  const where = `(flushWorkers: ${flushWorkers})`;

  test(`each storage gets its snapshots at its own interval ${where}`, async (t) => {
    const [often, seldom, asked] = [300, 1_200, 0].map((interval) => Journal.make({ interval, name: `i${interval}` }));
    const { collector } = delivering(t, [often, seldom, asked], { flushWorkers, flushInterval: 100 });
    await until('the slower one', () => seldom.lines('stored').length >= 2);
    const timestamps = often.lines('stored').map(({ timestamp }) => timestamp!);
    t.ok(timestamps.length >= 6 && timestamps.length <= 9, `${timestamps.length} every 300 ms`);
    const mean = (timestamps.at(-1)! - timestamps[0]) / (timestamps.length - 1);
    t.ok(mean > 250 && mean < 350, `${mean} ms apart`);
    t.same(asked.lines(), []);
    await collector.flush();
    t.equal(asked.lines('stored').length, 1);
  });

  test(`a failed delivery is retried with growing delays, and nothing is lost or out of order ${where}`, async (t) => {
    const journal = Journal.make({ retry: { firstDelay: 100, longestDelay: 400 } });
    const { flush, stats } = delivering(t, journal, { flushWorkers });
    journal.mode = MODE.THROW;
    const error = (await flush()).unwrapErr();
    t.same(error.failures, [{ storage: 'journal', message: 'not now' }]);
    await until('the fourth attempt', () => journal.lines('try').length >= 4);
    const tries = journal.lines('try').map(({ at }) => at);
    for (const [index, least] of [50, 100, 200].entries()) {
      const delay = tries[index + 1] - tries[index];
      t.ok(delay >= least - 5 && delay <= 2 * least + 300, `${delay} ms before attempt ${index + 2}`);
    }
    await flush();
    await flush();
    t.equal(stats().queued, 3);
    t.ok(stats().queuedBytes > 0);
    journal.mode = MODE.FINE;
    await until('all are stored', () => stats().queued === 0);
    t.same(journal.values, [1, 2, 3]);
    const { stored, failures, retries, dropped, rejected, lastError, lastSuccess } = stats();
    t.match({ stored, dropped, rejected, lastError }, { stored: 3, dropped: 0, rejected: 0, lastError: 'not now' });
    t.equal(failures, journal.lines('try').length - 3);
    t.equal(retries, failures, 'each failure was followed by an attempt');
    t.ok(Date.now() - lastSuccess < 5_000);
    t.equal(journal.lines('open').length, 1);
  });

  test(`a receiver that gives a time for the next attempt gets none before it ${where}`, async (t) => {
    const journal = Journal.make({ retry: QUICK });
    const { flush, stats } = delivering(t, journal, { flushWorkers });
    journal.mode = MODE.LATER;
    t.ok((await flush()).isErr());
    journal.mode = MODE.FINE;
    await until('it is stored', () => stats().stored === 1);
    const [first, second] = journal.lines('try').map(({ at }) => at);
    t.ok(second - first >= 695, `${second - first} ms`);
  });

  test(`a snapshot that is refused permanently is not retried, and does not block the next ${where}`, async (t) => {
    const journal = Journal.make({ retry: QUICK });
    const { flush, stats } = delivering(t, journal, { flushWorkers });
    journal.mode = MODE.REFUSE;
    t.same((await flush()).unwrapErr().failures, [{ storage: 'journal', message: 'never' }]);
    t.ok((await flush()).isErr());
    journal.mode = MODE.FINE;
    t.ok((await flush()).isOk());
    t.same(
      journal.lines('try').map(({ value }) => value),
      [1, 2, 3],
    );
    t.match(stats(), { stored: 1, failures: 2, retries: 0, rejected: 2, dropped: 0, queued: 0 });
  });

  test(`an attempt that takes too long is aborted and repeated ${where}`, async (t) => {
    const journal = Journal.make({ timeout: 100, retry: QUICK });
    const { flush, stats } = delivering(t, journal, { flushWorkers });
    journal.mode = MODE.HANG;
    t.same((await flush()).unwrapErr().failures, [{ storage: 'journal', message: 'told to stop' }]);
    journal.mode = MODE.STUBBORN;
    const failures = stats().failures;
    await until('one that does not listen', () => /more than 100 ms/.test(stats().lastError ?? ''));
    t.ok(stats().failures > failures);
    journal.mode = MODE.FINE;
    await until('it is stored', () => stats().stored === 1);
    t.same(journal.values, [1]);
  });

  test(`whatever is thrown counts as a failure ${where}`, async (t) => {
    const journal = Journal.make({ retry: { firstDelay: 200, longestDelay: 200 } });
    const { flush, stats } = delivering(t, journal, { flushWorkers });
    journal.mode = MODE.NULL;
    t.same((await flush()).unwrapErr().failures, [{ storage: 'journal', message: 'null' }]);
    await until('another attempt', () => journal.lines('try').length === 2);
    const [first, second] = journal.lines('try').map(({ at }) => at);
    t.ok(second - first >= 95, 'it was waited for that');
    t.ok(stats().failures >= 1);
  });

  test(`the queue is bounded: the oldest is dropped and counted ${where}`, async (t) => {
    const journal = Journal.make({ queue: { maxBytes: 4096 }, retry: { firstDelay: 60_000 } });
    const { collector, flush, stats } = delivering(t, journal, { flushWorkers });
    const many = collector.counter('many');
    for (let index = 0; index < 90; index++) many.increment(1, { index });
    journal.mode = MODE.THROW;
    for (let count = 0; count < 12; count++) await flush();
    const { queued, dropped, queuedBytes } = stats();
    t.ok(queued >= 3 && queued <= 5, `${queued} wait`);
    t.equal(queued + dropped, 12);
    t.ok(queuedBytes <= 4096);
    journal.mode = MODE.FINE;
    await flush();
    t.same(journal.values, upTo(13).slice(-journal.values.length), 'the newest, in order');
    t.equal(stats().stored + stats().dropped, 13);
  });

  test(`a snapshot larger than the queue is an error that says so ${where}`, async (t) => {
    const journal = Journal.make({ queue: { maxBytes: 4096 } });
    const { collector, flush, stats } = delivering(t, journal, { flushWorkers });
    for (let index = 0; index < 600; index++) collector.counter('many').increment(1, { index });
    t.match((await flush()).unwrapErr().message, /journal: .*queue\.maxBytes/);
    t.equal(stats().dropped, 1);
  });

  test(`snapshots are dropped when they are too old ${where}`, async (t) => {
    const journal = Journal.make({ queue: { maxAge: 0.3 }, retry: QUICK });
    const { flush, stats } = delivering(t, journal, { flushWorkers });
    journal.mode = MODE.THROW;
    await flush();
    await until('it is too old', () => stats().dropped === 1);
    t.equal(stats().queued, 0);
    t.same(journal.values, []);
  });

  test(`the previous snapshot is the last that was stored ${where}`, async (t) => {
    const journal = Journal.make({ retry: QUICK }, true);
    const { flush, stats } = delivering(t, journal, { flushWorkers });
    for (const mode of [MODE.FINE, MODE.FINE, MODE.THROW, MODE.THROW, MODE.REFUSE, MODE.FINE]) {
      journal.mode = mode;
      await flush();
    }
    await until('all are settled', () => stats().queued === 0);
    const stored = journal.lines('stored');
    t.equal(stored[0].previous, undefined);
    t.same(
      stored.slice(1).map(({ previous }) => previous),
      stored.slice(0, -1).map(({ value }) => value),
    );
  });

  test(`calls at the same time share a snapshot, and it is stored once ${where}`, async (t) => {
    const journal = Journal.make();
    const { flush, stats } = delivering(t, journal, { flushWorkers });
    const results = await Promise.all([flush(), flush(), flush(), flush(), flush()]);
    t.ok(results.every((result) => result.isOk()));
    t.equal(journal.values.at(-1), 5);
    t.equal(stats().stored, journal.values.length);
    // a worker gets the calls one after the other, and may be through with one when the next comes
    if (flushWorkers === 0) t.ok(journal.values.length <= 2, `${journal.values}`);
  });

  test(`close() tries the waiting snapshots once more, and closes the backend ${where}`, async (t) => {
    const [fine, down, unused] = ['fine', 'down', 'unused'].map((name) =>
      Journal.make({ name, retry: { firstDelay: 60_000 } }),
    );
    const { collector, flush } = delivering(t, [fine, down], { flushWorkers });
    const idle = delivering(t, unused, { flushWorkers });
    down.mode = MODE.THROW;
    const { failures } = (await flush()).unwrapErr();
    t.same(failures, [{ storage: 'down', message: 'not now' }]);
    fine.mode = MODE.FINE;
    const warned: string[] = [];
    const listen = ({ message }: Error): void => void warned.push(message);
    process.on('warning', listen);
    t.teardown(() => process.off('warning', listen));
    await collector.close();
    // that the flush before has failed may be warned of meanwhile
    await until('it is warned of', () => warned.some((message) => message.startsWith('last flush')));
    t.match(warned.at(-1), /^last flush, down: 2 snapshots are undelivered: not now$/);
    t.same(fine.values, [1, 1]);
    t.equal(fine.lines('close').length, 1);
    t.equal(down.lines('try').length, 2, 'once by itself and once at the end');
    t.equal(down.lines('close').length, 1, 'it was opened');
    await idle.collector.close();
    t.same(
      unused.lines().map(({ event }) => event),
      ['open', 'try', 'stored', 'close'],
    );
  });
}

test('storages that throw, reject or hang do not affect other storages', async (t) => {
  const modes = { throws: MODE.THROW, refuses: MODE.REFUSE, hangs: MODE.HANG, stubborn: MODE.STUBBORN };
  const bad = Object.entries(modes).map(([name, mode]) => {
    // whoever had to wait for one of them would wait until the test is over
    const journal = Journal.make({ name, interval: 50, timeout: 120_000, retry: QUICK });
    journal.mode = mode;
    return journal;
  });
  const good = Journal.make({ name: 'good', interval: 50 });
  const { collector } = delivering(t, [...bad, good], { flushWorkers: 1 });
  const { url } = await collector.listen({ port: 0 });
  await until('each of them is at it', () => bad.every((journal) => journal.lines('try').length > 0));
  let longest = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const before = good.values.length;
  for (let value = 1; value <= 10; value++) {
    collector.counter('n').increment();
    t.match(await (await fetch(url)).text(), new RegExp(`^n ${value}$`, 'm'), 'it was drained and scraped');
    await until('the good one stores it', () => good.values.at(-1) === value);
  }
  clearInterval(watch);
  t.ok(good.values.length - before >= 10);
  t.ok(longest < 5_000, `the serving thread was never away for longer than ${longest} ms`);
  t.equal(bad[2].lines('try').length + bad[3].lines('try').length, 2, 'those that hang still do');
  t.ok(bad[0].lines('try').length > 2 && bad[1].lines('try').length > 2);
  await collector.close({ timeout: 100 });
});

test('every outcome is in stats() and in the exposition, and promtool accepts it', needs('promtool'), async (t) => {
  const [fine, down] = ['fine', 'down "\\\n'].map((name) => Journal.make({ name, retry: { firstDelay: 60_000 } }));
  const { collector, flush, stats } = delivering(t, [fine, down, new MemoryStorage()], {
    flushWorkers: 1,
    defaultLabels: { storage: 'mine', service: 'api' },
  });
  down.mode = MODE.REFUSE;
  await flush();
  down.mode = MODE.THROW;
  await flush();
  await flush();
  collector.counter('n').increment();
  const samples = await samplesOf(collector);
  for (const [name, storage] of [
    ['fine', 'fine'],
    ['down "\\\n', 'down \\"\\\\\\n'],
  ]) {
    const told = stats(name);
    const metrics = {
      stored_total: told.stored,
      failures_total: told.failures,
      retries_total: told.retries,
      dropped_total: told.dropped,
      rejected_total: told.rejected,
      queue_snapshots: told.queued,
      queue_bytes: told.queuedBytes,
      last_success_timestamp_seconds: told.lastSuccess / 1000,
    };
    for (const [metric, value] of Object.entries(metrics))
      t.equal(samples.get(`ringmeter_storage_${metric}{service="api",storage="${storage}"}`), value, metric);
  }
  t.match(stats('fine'), { stored: 3, failures: 0 });
  t.match(stats('down "\\\n'), { stored: 0, failures: 3, retries: 1, rejected: 1, queued: 2 });
  t.equal(stats('memory').stored, 3);
  const { code, output } = await promtoolCheck((await collector.exposition({ names: metricNames(samples) })).body);
  t.equal(output, '');
  t.equal(code, 0);
});

function metricNames(samples: ReadonlyMap<string, number>): string[] {
  return [...samples.keys()].filter((key) => key.startsWith('ringmeter_storage')).map((key) => key.split('{')[0]);
}

test('a metric of the user with the name of a storage metric is left unchanged', async (t) => {
  const { collector, flush } = delivering(t, Journal.make());
  await flush();
  t.throws(() => collector.gauge('ringmeter_storage_stored_total', { description: 'x' }), {
    code: 'RINGMETER_METRIC_CONFLICT',
  });
});

test('names of storages are made unique', async (t) => {
  const { collector } = delivering(t, [
    Journal.make(),
    Journal.make(),
    Journal.make({ name: 'journal-2' }),
    new MemoryStorage(),
    Journal.make(),
  ]);
  t.same(
    collector.stats().storages.map(({ name }) => name),
    ['journal', 'journal-2', 'journal-2-2', 'memory', 'journal-3'],
  );
});

test('collectAndStore() returns the number of stored series, or the errors of all storages', async (t) => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => Journal.make({ name, retry: { firstDelay: 60_000 } }));
  const { collector, flush } = delivering(t, [a, b, c]);
  const own = (await flush()).unwrap();
  t.equal(own, (await collector.getAllMetrics()).length);
  a.mode = MODE.THROW;
  c.mode = MODE.REFUSE;
  const error = (await flush()).unwrapErr();
  t.equal(error.code, 'RINGMETER_STORAGE_FAILED');
  t.equal(error.message, 'a: not now; c: never');
  t.same(error.failures, [
    { storage: 'a', message: 'not now' },
    { storage: 'c', message: 'never' },
  ]);
  await t.rejects(collector.flush(), {
    code: 'RINGMETER_STORAGE_FAILED',
    failures: [{ storage: 'a' }, { storage: 'c' }],
  });
  const closed: MetricsCollector = collector;
  a.mode = c.mode = MODE.FINE;
  await closed.close();
  t.same((await closed.collectAndStore()).unwrapErr().code, 'RINGMETER_CLOSED');
});

test('a warning is given once per series of failures', async (t) => {
  const journal = Journal.make({ retry: QUICK });
  const { flush, stats } = delivering(t, journal);
  const warnings: string[] = [];
  const listen = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', listen);
  t.teardown(() => process.off('warning', listen));
  for (let round = 0; round < 2; round++) {
    journal.mode = MODE.THROW;
    await flush();
    const { failures } = stats();
    await until('some attempts', () => stats().failures > failures + 2);
    journal.mode = MODE.FINE;
    await flush();
  }
  journal.mode = MODE.REFUSE;
  for (let count = 0; count < 3; count++) await flush();
  t.same(warnings, [
    'storage journal: not now; the delivery is retried',
    'storage journal: not now; the delivery is retried',
    'storage journal: a snapshot was refused and is not sent again: never',
  ]);
});
