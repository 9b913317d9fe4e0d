import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { FamilyLines } from '../../dist/src/query/history-lines.js';
import { mortal } from '../threads/mortal';

test('a series that reuses the memory of another one is found by its own labels', async (t) => {
  const { collector, collect, recycle, reborn } = mortal(t);
  const counter = collector.counter('c', { labelNames: ['id'], ttl: 0.02 });
  counter.increment(1, { id: 'first' });
  await collect.snapshot();
  const family = collect.catalog.families.find(({ definition }) => definition.name === 'c')!;
  const lines = new FamilyLines(family);
  const versions = new Set<string>();
  const deadline = performance.now() + 20_000;
  for (let round = 0; reborn() < 20 && performance.now() < deadline; round++) {
    counter.increment(1, { id: `later ${round}` });
    counter.increment(1, { id: `later ${round}` });
    await sleep(5);
    await collect.snapshot();
    recycle();
    collect.catalog.refresh();
    const found = [...lines.select([])].map((line) => line?.labels.id);
    const expected = Array.from({ length: family.series.count }, (_, index) => family.labels(index)[0][1]);
    if (found.join() !== expected.join()) t.same(found, expected);
    versions.add(lines.version);
  }
  t.ok(reborn() >= 20, `${reborn()} were reborn`);
  t.ok(versions.size > family.series.count, 'and it is seen that they are others');
});
