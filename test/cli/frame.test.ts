import { test } from 'tap';
import { frameLines, type View } from '../../dist/src/cli/top/frame.js';
import { ScrapePair } from '../../dist/src/cli/top/reading.js';
import { readAlerts } from '../../dist/src/cli/top/sections.js';
import { bytes, count, duration, percent } from '../../dist/src/cli/top/units.js';
import { decodeScrape } from '../../dist/src/scrape/decode.js';

/** What is seen after scrapes a second apart. */
function viewOf(...texts: string[]): View {
  let reading: ScrapePair | undefined;
  texts.forEach((text, second) => {
    reading = new ScrapePair(decodeScrape(Buffer.from(text)), second * 1_000, reading);
  });
  return { target: 'http://x/metrics', reading, alerts: [], now: 1_700_000_000_000 };
}

const framed = (view: View, columns = 80, rows = 24): string => frameLines(view, { columns, rows }).join('\n');
const counter = (value: number): string => `# TYPE jobs_total counter\njobs_total ${value}\n`;

test('rates are those between the last two scrapes', async (t) => {
  t.match(framed(viewOf(counter(5))), /\njobs_total +- +5/, 'one scrape has none');
  t.match(framed(viewOf(counter(5), counter(15))), /\njobs_total +10\/s +15/);
  t.match(framed(viewOf(counter(0), counter(15), counter(17))), /\njobs_total +2\/s +17/);
  t.match(framed(viewOf(counter(500), counter(3))), /\njobs_total +3\/s +3/, 'a fall is a new start');
  t.match(framed(viewOf('', counter(4))), /\njobs_total +4\/s +4/, 'a new series began at 0');
  t.match(framed(viewOf('jobs_total 1\n', 'jobs_total 2\n')), /\njobs_total +1\/s +2/, 'also without a type');
});

test('OpenMetrics summaries, histograms whose names are not those of requests, and milliseconds are shown', async (t) => {
  const text = (n: number): string => `# TYPE jobs counter
jobs_total ${n}
jobs_created 1
# TYPE job_run_milliseconds histogram
job_run_milliseconds_bucket{le="100"} ${n}
job_run_milliseconds_bucket{le="+Inf"} ${n}
job_run_milliseconds_sum ${n}
job_run_milliseconds_count ${n}
# EOF
`;
  const frame = framed(viewOf(text(10), text(30)));
  t.match(frame, /\nHISTOGRAMS .*\njob_run_milliseconds +20\/s +- +50 ms +95 ms +99 ms/);
  t.match(frame, /\njobs_total +20\/s +30/);
});

test('a frame fits any terminal, whatever metrics it shows', async (t) => {
  const hostile = 'x\u001b[2J\u009b\n'.repeat(50);
  const lines = Array.from(
    { length: 60 },
    (_, n) => `a${'b'.repeat(n * 3)}_total{route=${JSON.stringify(hostile)}} ${n}\n`,
  );
  const requests = Array.from(
    { length: 30 },
    (_, n) =>
      `http_request_seconds_bucket{route="${n}\\n\u001b[31m",le="+Inf"} ${n}\nhttp_request_seconds_count{route="${n}\\n\u001b[31m"} ${n}\n`,
  );
  const text = `# TYPE http_request_seconds histogram\n${requests.join('')}${lines.join('').replaceAll('\\u001b', '\u001b').replaceAll('\\u009b', '\u009b')}`;
  const view = {
    ...viewOf(text, text),
    problem: `no\u001b[2J ${'answer '.repeat(100)}`,
    alerts: [{ name: hostile, state: hostile, labels: hostile, activeAt: 'x' }],
  };
  for (const [columns, rows] of [
    [80, 24],
    [200, 100],
    [40, 10],
    [12, 3],
    [1, 1],
  ]) {
    const frame = frameLines(view, { columns, rows });
    t.ok(frame.length <= rows, `${frame.length} lines of ${rows}`);
    t.ok(
      frame.every((line) => line.length <= Math.max(columns, 12)),
      `${columns} columns`,
    );
    t.ok(
      frame.every((line) => !/\p{Cc}/u.test(line)),
      'nothing controls the terminal',
    );
  }
  t.ok(frameLines(view, { columns: 80, rows: 24 }, true).join().includes('\u001b[31m'), 'but colours');
});

test('an endpoint without any known metric still has a frame', async (t) => {
  t.match(framed(viewOf('')), /^ringmeter top {2}http:\/\/x\/metrics .*\nno metrics of the process$/);
  t.match(framed({ target: 'y', alerts: [], now: 0 }), /^ringmeter top {2}y/);
});

test('alerts that fire come first', async (t) => {
  const alerts = readAlerts(
    JSON.stringify({
      data: {
        alerts: [
          { labels: { alertname: 'Slow', path: '/' }, state: 'pending', activeAt: '2023-11-14T22:13:00Z' },
          { labels: { alertname: 'Down' }, state: 'firing', activeAt: '2023-11-14T22:12:20Z' },
        ],
      },
    }),
  );
  const frame = framed({ ...viewOf(counter(1)), alerts: alerts! });
  t.match(frame, /\nALERTS .*\nDown +firing +60 s\nSlow +pending +path=\/ +20 s\n/);
  for (const text of ['', '<html>', '{}', '{"data":{"alerts":3}}', 'null', '404'])
    t.equal(readAlerts(text), undefined, text);
});

test('numbers are shown in units that people read', async (t) => {
  t.same([0, 0.0000005, 0.00123, 0.9996, 61, 125, 3_725, 200_000].map(duration), [
    '0 s',
    '0.5 us',
    '1.23 ms',
    '1 s',
    '61 s',
    '2m 5s',
    '1h 2m',
    '2d 7h',
  ]);
  t.same([0, 1023, 1024, 1.5 * 2 ** 30, 2 ** 60].map(bytes), ['0 B', '1023 B', '1 KiB', '1.5 GiB', '1048576 TiB']);
  t.same([0, 999, 1_234, -5_000, 1e9].map(count), ['0', '999', '1.23k', '-5k', '1G']);
  t.same([0, 0.0012, 0.099, 0.5, 1].map(percent), ['0 %', '0.12 %', '9.9 %', '50 %', '100 %']);
  t.same([undefined, Number.NaN, Number.POSITIVE_INFINITY].map(count), ['-', '-', 'Infinity']);
});
