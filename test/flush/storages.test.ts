import { type CollectorOptions, MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { random } from '../fixtures/program.cjs';
import { watchWorkers } from '../helpers/flush-workers';
import { collectorFor, SEED, until } from '../instruments/support';
import { Journal, type Line, MODE } from '../storages/journal';

const options = (flushWorkers: number, storage: Journal): CollectorOptions => ({
  flushWorkers,
  storage,
  flushInterval: 20,
  drainInterval: 5,
});

/** Nothing is out of order, nothing comes again but the last one after a death, `previous` is what was stored last. */
function inOrder(t: Test, lines: readonly Line[], deaths: number): void {
  let repeats = 0;
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    if (before === undefined) continue;
    const again = line.timestamp === before.timestamp && line.value === before.value;
    if (again) repeats++;
    if (line.timestamp! < before.timestamp! || line.value! < before.value!)
      t.fail(`${JSON.stringify(line)} came after ${JSON.stringify(before)}`);
    // what was written down and not yet settled when its thread ended is not known to have been stored
    const known = again ? [before.value, before.previous] : [before.value];
    if (!known.includes(line.previous))
      t.fail(`${JSON.stringify(line)} has another one before it than ${JSON.stringify(before)}`);
  }
  t.ok(repeats <= deaths, `${repeats} came again after ${deaths} deaths`);
}

for (const flushWorkers of [1, 2])
  test(`delivery survives ${flushWorkers} flush workers that are terminated at random (RINGMETER_SEED=${SEED})`, async (t) => {
    const next = random(SEED);
    const workers = watchWorkers(t);
    const journal = Journal.make({ retry: { firstDelay: 10, longestDelay: 20 } }, true);
    const collector = new MetricsCollector(options(flushWorkers, journal));
    t.teardown(() => collector.close());
    const counter = collector.counter('n');
    let recorded = 0;
    const recording = setInterval(() => {
      counter.increment();
      recorded++;
    }, 1);
    const deaths = 15;
    for (let death = 0; death < deaths; death++) {
      await until('all workers run', () => workers.length === flushWorkers);
      const { length } = journal.lines('stored');
      await until('more is stored', () => journal.lines('stored').length > length + 1);
      await new Promise((resolve) => setTimeout(resolve, next() * 60));
      if (next() < 0.3) journal.mode = MODE.THROW;
      await workers[Math.floor(next() * workers.length)].terminate();
      journal.mode = MODE.FINE;
    }
    clearInterval(recording);
    await collector.close();
    const stored = journal.lines('stored');
    inOrder(t, stored, deaths);
    t.equal(stored.at(-1)?.value, recorded, 'the last one has everything');
    t.ok(new Set(stored.map(({ thread }) => thread)).size > 3, 'many threads have delivered');
    t.equal(journal.lines('close').length, 1);
    const [{ dropped, rejected, queued }] = collector.stats().storages;
    t.same({ dropped, rejected, queued }, { dropped: 0, rejected: 0, queued: 0 });
  });

test('another worker delivers when the delivering worker has died', async (t) => {
  const workers = watchWorkers(t);
  const journal = Journal.make();
  const collector = collectorFor(t, options(2, journal));
  collector.counter('n').increment();
  await until('two workers', () => workers.length === 2);
  await until('something is stored', () => journal.lines('stored').length > 0);
  const first = journal.lines('stored').at(-1)!.thread;
  const other = workers.find(({ threadId }) => threadId !== first)!.threadId;
  await workers.find(({ threadId }) => threadId === first)!.terminate();
  await until('it is delivered again', () => journal.lines('stored').at(-1)!.thread !== first);
  t.equal(journal.lines('stored').at(-1)!.thread, other, 'the one that was there');
});

test('when a worker dies in the middle of an attempt, the next worker tries its snapshot', async (t) => {
  const workers = watchWorkers(t);
  const journal = Journal.make({ interval: 0, timeout: 60_000 });
  const collector = collectorFor(t, { flushWorkers: 1, storage: journal });
  collector.counter('n').increment(7);
  journal.mode = MODE.HANG;
  const result = collector.collectAndStore();
  await until('it is tried', () => journal.lines('try').length === 1);
  journal.mode = MODE.FINE;
  await workers[0].terminate();
  t.ok((await result).isOk(), 'who asked is told when it is stored');
  await until('all is stored', () => collector.stats().storages[0].queued === 0);
  t.ok(journal.values.length >= 1 && journal.values.every((value) => value === 7));
});
