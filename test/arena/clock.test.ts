import { test } from 'tap';
import { collectorFor } from '../instruments/support';
import { makeArena } from '../threads/bench';

/** Lets the system's clock stand still, or go on, as it is told. */
function withSystemClock(action: (set: (milliseconds: number) => void) => void): void {
  const real = process.hrtime.bigint;
  let now = real();
  process.hrtime.bigint = () => now;
  try {
    action((milliseconds) => {
      now = BigInt(milliseconds) * 1_000_000n;
    });
  } finally {
    process.hrtime.bigint = real;
  }
}

test('a thread with an older time does not set the clock back, and gets the newer time', async (t) => {
  withSystemClock((set) => {
    set(1e9);
    const arena = makeArena();
    set(1e9 + 500);
    t.equal(arena.tick(), 1e9 + 500);
    // another thread read the system's clock before, and lost its processor until now
    set(1e9 + 100);
    t.equal(arena.tick(), 1e9 + 500);
    t.equal(arena.clock(), 1e9 + 500);
    set(1e9 + 501);
    t.equal(arena.tick(), 1e9 + 501);
  });
});

test('an observation after a removal counts, even if the clock has not advanced since', async (t) => {
  const collector = collectorFor(t);
  const summary = collector.summary('s', { labelNames: ['a'] });
  withSystemClock(() => {
    summary.observe(1, { a: 'x' });
    t.equal(summary.getQuantile(0.5, { a: 'x' }), 1);
    t.ok(summary.remove({ a: 'x' }));
    summary.observe(7, { a: 'x' });
    t.equal(summary.getQuantile(0.5, { a: 'x' }), 7);
    t.equal(summary.getQuantile(0, { a: 'x' }), 7, 'what was observed before the removal is not in the window');
  });
});
