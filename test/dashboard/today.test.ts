import { test } from 'tap';
import { expandToday, mentionsToday, midnight } from '../../dist/src/dashboard/today';

const HOUR = 3_600_000;

/** What a clock in a zone shows. */
function local(timeZone: string, time: number): string {
  return new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(time);
}

test('midnight is that of the time zone, not of the machine', (t) => {
  const now = Date.UTC(2026, 10, 24, 22, 15, 30, 123);
  t.equal(midnight('UTC', now), Date.UTC(2026, 10, 24));
  t.equal(midnight('Europe/Berlin', now), Date.UTC(2026, 10, 23, 23));
  t.equal(midnight('Asia/Kolkata', now), Date.UTC(2026, 10, 24, 18, 30), 'where it is tomorrow already');
  t.equal(midnight('America/Los_Angeles', now), Date.UTC(2026, 10, 24, 8));
  t.equal(midnight('Australia/Lord_Howe', now), Date.UTC(2026, 10, 24, 13));
  t.end();
});

test('days on which the clocks change have 23 or 25 hours', (t) => {
  const spring = Date.UTC(2026, 2, 29, 21);
  t.equal(local('Europe/Berlin', spring), '2026-03-29 23:00:00');
  t.equal(spring - midnight('Europe/Berlin', spring), 22 * HOUR, 'an hour is missing');
  const autumn = Date.UTC(2026, 9, 25, 22);
  t.equal(local('Europe/Berlin', autumn), '2026-10-25 23:00:00');
  t.equal(autumn - midnight('Europe/Berlin', autumn), 24 * HOUR, 'an hour is there twice');
  t.end();
});

test('a day that has no midnight begins when it begins', (t) => {
  // in 2018 clocks in Sao Paulo were set from 0 to 1 o'clock
  const now = Date.UTC(2018, 10, 4, 15);
  const first = midnight('America/Sao_Paulo', now);
  t.equal(local('America/Sao_Paulo', first), '2018-11-04 01:00:00');
  t.equal(local('America/Sao_Paulo', first - 1), '2018-11-03 23:59:59');
  t.end();
});

test('midnight is the first millisecond of its day at any time of the year', (t) => {
  for (const zone of ['UTC', 'Europe/London', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Chatham', 'Africa/Cairo'])
    for (let time = Date.UTC(2026, 0, 1, 11, 7); time < Date.UTC(2027, 0, 1); time += 17 * HOUR) {
      const first = midnight(zone, time);
      const date = local(zone, time).slice(0, 10);
      if (local(zone, first).slice(0, 10) !== date || local(zone, first - 1).slice(0, 10) === date)
        t.fail(`${zone} ${time}: ${local(zone, first)}`);
    }
  t.equal(midnight('UTC', Date.UTC(2026, 4, 5)), Date.UTC(2026, 4, 5), 'midnight itself is of the new day');
  t.end();
});

test('$today becomes the range since midnight, which is never empty', (t) => {
  t.equal(expandToday('increase(orders_total[$today])', 90_500), 'increase(orders_total[90500ms])');
  t.equal(expandToday('increase(a[$today]) / increase(b[$today])', 5_000), 'increase(a[5000ms]) / increase(b[5000ms])');
  t.equal(expandToday('increase(a[$today])', 0), 'increase(a[1000ms])');
  t.equal(expandToday('x{a="$todays"}', 5_000), 'x{a="$todays"}');
  t.ok(mentionsToday('increase(a[$today])'));
  t.notOk(mentionsToday('increase(a[1d])'));
  t.end();
});
