import { MemoryStorage } from 'ringmeter';
import { type Test, test } from 'tap';
import { monotonic } from '../../dist/src/common/monotonic.js';
import { HistoryClock } from '../../dist/src/history/history-clock.js';
import { collectorFor, until } from '../instruments/support';

const HALF_MINUTE = 30_000;

/** Sets the wall clock of this thread; it goes on from there. */
function settableClock(t: Test): (by: number) => void {
  const real = Date.now;
  let offset = 0;
  Date.now = () => real() + offset;
  t.teardown(() => {
    Date.now = real;
  });
  return (by) => {
    offset += by;
  };
}

for (const by of [-HALF_MINUTE, -3_600_000, 900_000, 7_200_000])
  test(`a wall clock that is set by ${by / 1000} s neither resolves alerts nor stops rules nor hides what is new`, async (t) => {
    const set = settableClock(t);
    const collector = collectorFor(t, {
      flushWorkers: 0,
      flushInterval: 50,
      storage: new MemoryStorage({ maxAge: 3_600 }),
      rules: [
        {
          name: 'g',
          interval: 50,
          rules: [
            { alert: 'Firing', expr: 'load > 1' },
            { alert: 'Patient', expr: 'load > 1', for: '10m' },
            { alert: 'Seen', expr: 'count_over_time(load[1m]) > 3' },
            { record: 'load:twice', expr: 'load * 2' },
          ],
        },
      ],
    });
    const gauge = collector.gauge('load');
    gauge.set(2);
    const told: string[] = [];
    collector.onAlert(({ name, state }) => told.push(`${name} ${state}`));
    const states = () => collector.alerts().map(({ name, state }) => `${name} ${state}`);
    const recorded = async (): Promise<number | undefined> => {
      const answer = await collector.query('load:twice');
      return answer.type === 'vector' ? answer.samples[0]?.value : undefined;
    };
    await until('both to fire', () => ['Firing firing', 'Seen firing'].every((one) => states().includes(one)));
    await until('it to be recorded', async () => (await recorded()) === 4);
    set(by);
    for (const value of [3, 4, 5]) {
      gauge.set(value);
      await until('the rules to see what is new', async () => (await recorded()) === 2 * value);
    }
    t.same(states(), ['Firing firing', 'Patient pending', 'Seen firing']);
    t.same(
      told.filter((one) => !one.endsWith('pending')).sort(),
      ['Firing firing', 'Seen firing'],
      'nothing was resolved, and nothing fired early',
    );
    for (const { activeAt } of collector.alerts())
      t.ok(Math.abs(Date.now() - activeAt) < 20_000, 'what is shown is of the wall clock');
    const range = await collector.query('load[1m]');
    t.match(range, { series: [{ values: { length: Number } }] });
    gauge.set(0);
    await until('it to be resolved', () => told.includes('Firing resolved'));
  });

test('the clock of a history never goes back nor faster than time passes, and returns to the wall clock when that is corrected', (t) => {
  const clock = new HistoryClock(HistoryClock.allocate());
  t.equal(clock.at(5), undefined);
  t.equal(clock.date(100_000, 1_000), 100_000);
  t.equal(clock.date(110_010, 11_000), 110_010, 'it is the wall clock');
  t.equal(clock.date(90_000, 21_000), 120_010, 'set back by half a minute');
  t.equal(clock.ahead, 30_010);
  t.equal(clock.date(100_001, 31_000), 130_011);
  t.equal(clock.date(95_000, 26_000), 125_010, 'one that comes late changes nothing');
  t.equal(clock.at(32_000), 131_011);
  t.equal(clock.date(140_020, 41_000), 140_020, 'set forward again');
  t.equal(clock.ahead, 0);
  t.equal(clock.date(7_350_020, 51_000), 150_020, 'set forward by two hours');
  t.equal(clock.ahead, -7_200_000);
  t.equal(clock.date(7_360_000, 61_000), 160_000, 'it goes on as far as time has passed');
  t.ok(monotonic() > 0);
  t.end();
});
