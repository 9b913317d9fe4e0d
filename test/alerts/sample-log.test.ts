import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'tap';
import { SampleLog } from '../../dist/src/alerts/sample-log.js';
import { tryLock } from '../../dist/src/atomics/mutex.js';
import { show } from './support';

const up = (job: string) => ({ __name__: 'up', job });

function read(log: SampleLog, from = 0, to = 1e6): Record<string, string> {
  const all = log.select([{ name: '__name__', operator: '=', value: 'up' }], from, to);
  return Object.fromEntries(
    all.map(({ labels, times, values, stale }) => [
      show(labels),
      [...times].map((time, at) => `${time}:${stale?.[at] ? 'end' : values[at]}`).join(' '),
    ]),
  );
}

test('samples and ends of series that one thread writes are read by another', async (t) => {
  const buffer = SampleLog.allocate(100_000);
  const [writer, reader] = [new SampleLog(buffer, 1), new SampleLog(buffer, 2)];
  await writer.write(0, 10, [
    { labels: up('a'), value: 1 },
    { labels: up('b'), value: Number.NaN },
  ]);
  t.same(read(reader), { 'up{job="a"}': '10:1', 'up{job="b"}': '10:NaN' });
  await writer.write(0, 20, [{ labels: up('b'), value: 2 }]);
  await writer.write(0, 30, []);
  t.same(read(reader), { 'up{job="a"}': '10:1 20:end', 'up{job="b"}': '10:NaN 20:2 30:end' });
  t.same(read(reader, 15, 20), { 'up{job="a"}': '20:end', 'up{job="b"}': '20:2' }, 'both ends are in');
  t.same(reader.select([{ name: 'job', operator: '=~', value: '[^a]' }], 0, 100).length, 1);
});

test('a thread that takes over knows which series continue', async (t) => {
  const buffer = SampleLog.allocate(100_000);
  await new SampleLog(buffer, 1).write(7, 10, [{ labels: up('a'), value: 1 }]);
  const next = new SampleLog(buffer, 2);
  await next.write(7, 10, [{ labels: up('a'), value: 9 }]);
  t.same(read(next), { 'up{job="a"}': '10:1' }, 'of one moment, the first sample stands');
  await next.write(7, 20, []);
  t.same(read(next), { 'up{job="a"}': '10:1 20:end' });
});

test('two rules that write the same series share one, and neither ends the series of the other', async (t) => {
  const log = new SampleLog(SampleLog.allocate(100_000), 1);
  await log.write(0, 10, [{ labels: up('a'), value: 1 }]);
  await log.write(1, 10, [{ labels: up('a'), value: 2 }]);
  await log.write(0, 20, []);
  await log.write(1, 20, [{ labels: up('a'), value: 3 }]);
  t.same(read(log), { 'up{job="a"}': '10:1 20:3' });
});

test('the log is bounded: the oldest samples are overwritten, and a thread that attaches later reads the rest', async (t) => {
  const buffer = SampleLog.allocate(4_000);
  const log = new SampleLog(buffer, 1);
  const lagging = new SampleLog(buffer, 3);
  t.same(read(lagging), {});
  for (let time = 1; time <= 1_000; time++)
    await log.write(0, time, [
      { labels: up('a'), value: time },
      ...(time % 100 === 0 ? [{ labels: up(`b${time}`), value: time }] : []),
    ]);
  for (const reader of [log, new SampleLog(buffer, 2), lagging]) {
    const { 'up{job="a"}': line, ...others } = read(reader, 990);
    t.equal(line, Array.from({ length: 11 }, (_, at) => `${990 + at}:${990 + at}`).join(' '));
    t.same(others, { 'up{job="b1000"}': '1000:1000' });
    t.notOk('up{job="b100"}' in read(reader), 'what is old is gone, its series with it');
  }
  t.ok(Object.keys(read(log)).length < 5);
  await t.rejects(
    log.write(
      0,
      2_000,
      Array.from({ length: 500 }, () => ({ labels: up('x'), value: 1 })),
    ),
    { message: /do not fit/ },
  );
});

test('waiting for the log lock of a dead thread fails after a second, and the lock is free once that thread is cleaned up', async (t) => {
  const buffer = SampleLog.allocate(4_000);
  const log = new SampleLog(buffer, 1);
  await log.write(0, 10, [{ labels: up('a'), value: 1 }]);
  tryLock(new Int32Array(buffer), 0, 99);
  t.same(read(log), { 'up{job="a"}': '10:1' }, 'it can be read all the same');
  await t.rejects(log.write(0, 20, []), { message: /has held the lock/ });
  log.cleanUpAfter(99);
  await log.write(0, 20, []);
  t.same(read(log), { 'up{job="a"}': '10:1 20:end' });
});

test("a thread's index of very many short series takes no more memory than the log, and contains the newest series", async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const bytes = 4 * 2 ** 20;
  const buffer = SampleLog.allocate(bytes);
  const log = new SampleLog(buffer, 1);
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  await log.write(1, 0, [{ labels: up('steady'), value: 0 }]);
  const before = heap();
  let last = '';
  for (let time = 1; time <= 3_000; time++) {
    const samples = Array.from({ length: 10 }, (_, index) => ({ labels: up(`job-${time}-${index}`), value: time }));
    last = `job-${time}-9`;
    await log.write(0, time, samples);
  }
  const grown = heap() - before;
  t.ok(grown < 1.5 * bytes, `${(grown / 2 ** 20).toFixed(1)} MiB for a log of 4 MiB`);
  await log.write(1, 3_001, []);
  t.match(read(log, 0, 1e6), { [`up{job="${last}"}`]: '3000:3000' }, 'the youngest are there');
  t.match(read(log, 3_001, 3_001), { 'up{job="steady"}': '3001:end' }, 'a series that goes on is ended');
  const late = new SampleLog(buffer, 2);
  read(late);
  t.ok(heap() - before < 3 * bytes, 'and so for a thread that comes late');
});
