import { type Test, test } from 'tap';
import { AgeClock } from '../../../dist/src/storages/file/age-clock.js';
import { stopWallClock } from '../../instruments/support';
import { directoryFor, filesIn, writerFor } from './support';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Time passes on both clocks; or only the wall clock is set. */
function clocks(t: Test) {
  const pass = stopWallClock(t);
  const { now } = Date;
  let offset = 0;
  Date.now = () => now() + offset;
  return {
    pass,
    set: (by: number): void => {
      offset += by;
    },
  };
}

test('a wall clock that was set forward is not believed before an hour has passed', (t) => {
  const { pass, set } = clocks(t);
  const clock = new AgeClock();
  const start = Date.now();
  const since = (): number => Math.round(clock.now() - start);
  pass(DAY);
  t.equal(since(), DAY, 'time has passed');
  set(DAY);
  t.equal(since(), DAY);
  pass(HOUR - 1_000);
  t.equal(since(), DAY + HOUR - 1_000);
  set(-DAY);
  t.equal(since(), DAY + HOUR - 1_000, 'it was set right again');
  set(DAY);
  t.equal(since(), DAY + HOUR - 1_000);
  pass(HOUR);
  t.equal(since(), 3 * DAY - DAY + 2 * HOUR - 1_000, 'it has stayed so');
  set(-2 * DAY);
  t.equal(since(), 2 * HOUR - 1_000, 'set back: nothing is older than it was');
  t.end();
});

test('a wall clock that is set forward by more than maxAge removes no file', async (t) => {
  const directory = directoryFor(t);
  const { collector, flush } = await writerFor(t, { directory, maxFileBytes: 1_024, maxAge: 60 });
  const fill = async (): Promise<void> => {
    for (let index = 0; index < 10; index++) {
      collector.gauge('g').set(1_000_000 + index, { long: 'x'.repeat(200) });
      await flush();
    }
  };
  await fill();
  const before = filesIn(directory);
  t.ok(before.length > 2);
  const { now } = Date;
  t.teardown(() => {
    Date.now = now;
  });
  Date.now = () => now() + DAY;
  await fill();
  t.same(filesIn(directory).slice(0, before.length), before);
});
