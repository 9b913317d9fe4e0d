import { setTimeout as sleep } from 'node:timers/promises';
import { FileStorage, MemoryStorage, readMetricsDirectory, type Storage } from 'ringmeter';
import { type Test, test } from 'tap';
import { mortal } from '../threads/mortal';
import { backendOf, labelsOf, NEVER, Receiver } from './otlp/support';
import { openStorage } from './support';

/** A collector whose label sets are never the same for long, in few series that get one after the other. */
function churning(t: Test) {
  const { collector, collect, reborn, recycle } = mortal(t);
  const counter = collector.counter('c', { labelNames: ['n'], ttl: 0.02 });
  let last = 1_000;
  return {
    collector,
    collect,
    reborn,
    /** New label sets, whose value is what their label says. */
    async round(): Promise<void> {
      for (let index = 0; index < 5; index++) {
        last += 7;
        counter.increment(last, { n: last });
      }
      await sleep(10);
      await collect.snapshot();
      recycle();
    },
  };
}

async function stored(t: Test, storage: Storage) {
  const churn = churning(t);
  const opened = await openStorage(t, churn.collector, storage);
  for (let round = 0; round < 120; round++) {
    await churn.round();
    if (round % 3 > 0) await opened.store();
  }
  t.ok(churn.reborn() > 50, `memory was used again ${churn.reborn()} times`);
  return opened;
}

test('the history of a series does not begin with what its memory held before', async (t) => {
  const { backend } = await stored(t, new MemoryStorage());
  const all = await backend.query!({ name: 'c', labels: {}, from: 0, to: Number.POSITIVE_INFINITY });
  t.ok(all.length > 5);
  const wrong = all.flatMap(({ labels, points }) => points.filter(({ value }) => value !== Number(labels.n)));
  t.same(wrong, []);
});

test('files contain the current labels of a series number that was reused', async (t) => {
  const directory = t.testdir();
  const { close } = await stored(t, new FileStorage({ directory }));
  await close();
  let series = 0;
  const wrong: unknown[] = [];
  for await (const { metrics } of readMetricsDirectory(directory, { names: ['c'] }))
    for (const { labels, value } of metrics) {
      series++;
      if (value !== Number(labels.n)) wrong.push({ labels, value });
    }
  t.same(wrong, []);
  t.ok(series > 100, `${series} values`);
});

test('a delta is never the difference of two series, also if snapshots between them were lost', async (t) => {
  const receiver = await Receiver.start(t);
  const { backend } = backendOf(t, { url: receiver.url, temporality: 'delta' });
  const churn = churning(t);
  let previous: Awaited<ReturnType<typeof churn.collect.snapshot>> | undefined;
  for (let round = 0; round < 120; round++) {
    await churn.round();
    if (round % 25 > 1) continue;
    const snapshot = await churn.collect.snapshot();
    await backend.store(snapshot, { signal: NEVER, previous });
    previous = snapshot;
  }
  t.ok(churn.reborn() > 50);
  const points = receiver.points('c');
  t.ok(points.length > 20, `${points.length} points`);
  t.same(
    points.filter((point) => (point.asDouble ?? Number(point.asInt)) !== Number(labelsOf(point).n)),
    [],
  );
});
