import { test } from 'tap';
import { totalsOf } from '../../perf/load/totals';
import { Ledger } from '../../perf/measure/ledger';
import { labelsOf, MOST_SERIES, Order, values } from '../../perf/workload';

const totals = (text: string) => totalsOf(new TextEncoder().encode(text));

test('the samples of a scrape are added up by name', async (t) => {
  const text = '# TYPE a counter\na{b="1 }"} 2\na{b="2"} 3.5\na_total 7\nb 1e3\n\nab{} 4';
  t.same(totals(text), { a: 5.5, a_total: 7, b: 1000, ab: 4 });
});

test('a name with the previous name as its prefix is another name', async (t) => {
  t.same(totals('ab 1\na 2\nab 3\n'), { ab: 4, a: 2 });
});

test('a ledger knows the expected totals of counters and histograms, and reports differences', async (t) => {
  const order = Int32Array.of(0, 1, 1);
  const sum = values[0] + values[1] + values[2];
  const counter = new Ledger('counter', 2);
  const histogram = new Ledger('histogram', 2);
  for (const ledger of [counter, histogram]) ledger.account(order);
  t.equal(counter.differs({ count: 3 }), undefined);
  t.equal(counter.differs({ count: 2 }), '3 recorded, 2 read back');
  t.equal(histogram.differs({ count: 3, sum }), undefined);
  t.equal(histogram.differs({ count: 3 }), undefined, 'some know no sum');
  t.match(histogram.differs({ count: 3, sum: sum + 1 }), /^a sum of .* recorded/);
});

test('a ledger knows the level that every gauge was set to last', async (t) => {
  const gauge = new Ledger('gauge', 3);
  gauge.account(Int32Array.of(0, 2, 0));
  const level = values[2] + values[1];
  t.equal(gauge.differs({ count: 0, sum: level }), undefined);
  t.match(gauge.differs({ count: 0, sum: level + 1 }), /^levels of/);
});

test('every series has labels of its own', async (t) => {
  const some = [0, 1, 2, 3, 4, 15, 16, 17, 999, 1000, MOST_SERIES - 1].map((series) =>
    JSON.stringify(labelsOf(series)),
  );
  t.equal(new Set(some).size, some.length);
  t.notMatch(some.join(), 'undefined');
  t.notMatch(JSON.stringify(labelsOf(MOST_SERIES)), 'route', 'and there are no more');
});

test('the order of series is at random, the same in every process, and stays below their number', async (t) => {
  const [one, other] = [new Order(100), new Order(100)];
  t.equal(one.now.join(), other.now.join());
  t.equal(new Set(one.now).size, 100);
  const before = one.now.join();
  one.moveOn();
  t.not(one.now.join(), before);
});
