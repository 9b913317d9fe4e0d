import { test } from 'tap';
import { type Births, BornSource } from '../../dist/src/dashboard/born-source';
import { SplicedSource } from '../../dist/src/dashboard/spliced-source';
import { createQueryEngine } from '../../dist/src/query/engine';
import { matchesAll } from '../../dist/src/query/matchers';
import type { LabelSet, SampleSource } from '../../dist/src/query/types';

const MATCH_X = [{ name: '__name__', operator: '=', value: 'x_total' }] as const;

/** A source of series that are given as pairs of time and value. */
function sourceOf(...all: [LabelSet, [number, number][]][]): SampleSource {
  return {
    select: (matchers, from, to) =>
      all.flatMap(([labels, samples]) => {
        const inside = samples.filter(([time]) => time >= from && time <= to);
        if (!matchesAll(labels, matchers) || inside.length === 0) return [];
        const column = (index: 0 | 1) => Float64Array.from(inside.map((pair) => pair[index]));
        return [{ labels, times: column(0), values: column(1) }];
      }),
  };
}

function plain(source: SampleSource, from: number, to: number) {
  return source
    .select(MATCH_X, from, to)
    .map(({ labels, times, values }) => ({ labels, samples: [...times].map((time, at) => [time, values[at]]) }));
}

test('live samples go between those of the history', (t) => {
  const a = { __name__: 'x_total', a: '1' };
  const history = sourceOf([
    a,
    [
      [10_000, 1],
      [20_000, 2],
      [30_000, 5],
      [40_000, 9],
    ],
  ]);
  const live = sourceOf(
    [
      { a: '1', __name__: 'x_total' },
      [
        [28_000, 4],
        [29_000, 4.5],
        [30_000, 5],
        [31_000, 6],
      ],
    ],
    [{ __name__: 'x_total', a: '2' }, [[31_000, 1]]],
  );
  t.same(plain(new SplicedSource(history, live), 0, 35_000), [
    {
      labels: a,
      samples: [
        [10_000, 1],
        [20_000, 2],
        [28_000, 4],
        [29_000, 4.5],
        [30_000, 5],
        [31_000, 6],
      ],
    },
    { labels: { __name__: 'x_total', a: '2' }, samples: [[31_000, 1]] },
  ]);
  t.same(plain(new SplicedSource(undefined, live), 0, 28_000).length, 1, 'also where there is no history');
  t.end();
});

test('a slice of the history is read after the one before was consumed, and no sample is missing or repeated', (t) => {
  const many = Array.from({ length: 10 }, (_, id) => sourceOf([{ __name__: 'x_total', id: `${id}` }, [[5_000, id]]]));
  let read = 0;
  const slices: SampleSource['slices'] = function* (...selection) {
    for (const one of many) {
      read++;
      yield one.select(...selection);
    }
  };
  const history: SampleSource = { select: () => [], slices };
  const live = sourceOf(
    [{ __name__: 'x_total', id: '3' }, [[6_000, 7]]],
    [{ __name__: 'x_total', id: 'new' }, [[6_000, 1]]],
  );
  const births: Births = { isCounted: () => true, madeAt: 0, times: () => [4_000, 5_000, 6_000], reach: 1_000 };
  const source = new BornSource(new SplicedSource(history, live), births);
  const found: string[] = [];
  for (const slice of source.slices(MATCH_X, 4_000, 9_000))
    for (const { labels, values } of slice) {
      found.push(`${labels.id}=${values}`);
      t.equal(read, Math.min(found.length, 10));
    }
  // each began at 0 in the snapshot before
  t.same(found, ['0=0,0', '1=0,1', '2=0,2', '3=0,3,7', ...[4, 5, 6, 7, 8, 9].map((id) => `${id}=0,${id}`), 'new=0,1']);
  t.end();
});

test('between live samples of each second there are none of the history, so that rates are correct', async (t) => {
  const labels = { __name__: 'x_total' };
  const seconds = Array.from({ length: 10 }, (_, second) => second * 1_000);
  const grows = (time: number): [number, number] => [time, time / 10];
  const history = sourceOf([labels, seconds.map((time) => grows(720 + time * 0.9))]);
  const live = sourceOf([labels, seconds.map(grows)]);
  const engine = createQueryEngine(new SplicedSource(history, live));
  const result = await engine.instant('rate(x_total[3500ms])', 9_000);
  t.match(result, { samples: [{ value: 100 }] });
});

test('a counter whose first sample is not in the snapshot before it began at 0 there', async (t) => {
  const labels = { __name__: 'x_total' };
  const source = sourceOf([
    labels,
    [
      [60_000, 100],
      [70_000, 101],
      [80_000, 113],
    ],
  ]);
  const increase = async (births: Partial<Births>, range: string) => {
    const times = [30_000, 50_000, 60_000, 70_000, 80_000];
    const some = {
      madeAt: 20_000,
      reach: 20_000,
      isCounted: () => true,
      times: (from: number, to: number) => times.filter((time) => time >= from && time <= to),
      ...births,
    };
    const result = await createQueryEngine(new BornSource(source, some)).instant(`increase(x_total[${range}])`, 80_000);
    return result.type === 'vector' ? result.samples[0]?.value : undefined;
  };
  t.equal(await increase({}, '80s'), 113, 'all that was counted, and nothing extrapolated, in a range from before');
  t.equal(await increase({}, '40s'), 113, 'a snapshot in the range does not have it');
  t.equal(await increase({}, '25s'), 113, 'a snapshot shortly before the range does not have it');
  t.equal(await increase({}, '15s'), 12 * (15 / 10), 'it was there before the range');
  const since = (first: number) => ({ times: () => [first, 70_000, 80_000] });
  t.equal(await increase(since(60_000), '40s'), 13 * (25 / 20), 'nothing is known of before: as Prometheus tells it');
  t.equal(await increase({ isCounted: () => false }, '40s'), 13 * (25 / 20), 'a gauge may have been anything');
});
