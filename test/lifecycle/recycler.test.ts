import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { Recycler } from '../../dist/src/lifecycle/recycler.js';
import { mortal } from '../threads/mortal';

/** Atomic loads that recycling takes, from when so many series of one metric are idle until their memory is free. */
async function loadsOf(t: Test, series: number): Promise<number> {
  const { collector, collect, recycle, reborn } = mortal(t, 1_024, 2, 10_000);
  const sessions = collector.counter('sessions_total', { labelNames: ['id'], ttl: 3600, cardinalityLimit: 10_000 });
  for (let id = 0; id < series; id++) sessions.increment(1, { id: `${id}` });
  await collect.snapshot();
  sessions.clear();
  let loads = 0;
  const { turn } = Recycler.prototype;
  const { load } = Atomics;
  Recycler.prototype.turn = function (families) {
    Atomics.load = ((...place: Parameters<typeof load>) => {
      loads++;
      return load(...place);
    }) as typeof load;
    try {
      turn.call(this, families);
    } finally {
      Atomics.load = load;
    }
  };
  try {
    for (let other = 0; reborn() === 0; other++) {
      await sleep(3);
      await collect.snapshot();
      recycle();
      sessions.increment(1, { id: `other ${other}` });
    }
  } finally {
    Recycler.prototype.turn = turn;
  }
  return loads;
}

test('recycling four times as many series takes about four times the work, not sixteen times', async (t) => {
  const few = await loadsOf(t, 2_048);
  const many = await loadsOf(t, 8_192);
  t.ok(few > 2_048, `${few} loads for 2,048 series`);
  t.ok(many < 6 * few, `${many} loads for 8,192 series`);
});
