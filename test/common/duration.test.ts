import { test } from 'tap';
import { formatDuration, parseDecimalDuration, parseDuration } from '../../dist/src/common/duration.js';

const DAY = 86_400_000;

test('durations are read and written as Prometheus does', async (t) => {
  for (const [text, milliseconds] of [
    ['0s', 0],
    ['1ms', 1],
    ['1m30s', 90_000],
    ['1h30m', 5_400_000],
    ['1d', DAY],
    ['8d', 8 * DAY],
    ['4w', 28 * DAY],
    ['1y', 365 * DAY],
    ['366d', 366 * DAY],
    ['8d1ms', 8 * DAY + 1],
    ['372d', 372 * DAY],
    ['2y', 730 * DAY],
  ] as const) {
    t.equal(parseDuration(text), milliseconds, text);
    t.equal(formatDuration(milliseconds), text, text);
  }
  t.equal(parseDuration('0'), 0, 'zero needs no unit');
  t.equal(parseDuration('1w1d'), 8 * DAY);
  t.equal(parseDuration('1y1w'), 372 * DAY);
  t.equal(formatDuration(-90_000), '-1m30s');
  for (const text of ['', '5', '-5m', '1m1h', '1m1m', '1.5h', '5 m', '300y', '5M'])
    t.equal(parseDuration(text), undefined, text);
});

test('on the command line a duration may have decimals', async (t) => {
  for (const [text, milliseconds] of [
    ['1.5h', 5_400_000],
    ['0.5ms', 0.5],
    ['7d', 7 * DAY],
    ['1h30m', 5_400_000],
  ] as const)
    t.equal(parseDecimalDuration(text), milliseconds, text);
  for (const text of ['1.5', '1.5h30m', '.5s', '5.s', '1e3s']) t.equal(parseDecimalDuration(text), undefined, text);
});
