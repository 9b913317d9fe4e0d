import { test } from 'tap';
import { LabelIndex } from '../../dist/src/instruments/label-index.js';
import { LabelSet } from '../../dist/src/instruments/label-set.js';
import { Step } from '../../dist/src/instruments/label-tree.js';
import { collectorFor } from './support';

type Values = Record<string, string | number | boolean>;

function setOf(labels: Values): LabelSet {
  const set = new LabelSet({ names: null, reserved: undefined }, []);
  const problem = set.read(labels);
  if (problem !== undefined) throw new Error(problem.message);
  return set;
}

test('an index finds what it was told, whatever the names, their number and their order', (t) => {
  const index = new LabelIndex<number>(10_000);
  const sets: Values[] = [];
  for (let name = 0; name < 300; name++)
    for (const value of ['x', 7, true, '', Number.NaN])
      sets.push({ [`n${name}`]: value }, { [`n${name}`]: value, z: 1 });
  sets.push({ a: '1', b: '2', c: '3' }, { c: '3', a: '1', b: '2' });
  sets.forEach((labels, series) => {
    index.insert(setOf(labels), series);
  });
  t.same(
    sets.map((labels) => index.find({ ...labels })),
    sets.map((_, series) => series),
  );
  for (const labels of [{}, { n0: 'y' }, { n300: 'x' }, { z: 1, n0: 'x' }, { n0: 'x', z: 1, n1: 'x' }])
    t.equal(index.find(labels), undefined, JSON.stringify(labels));
  t.end();
});

test('an index takes in only so many spellings of its series, and keeps what it has', (t) => {
  for (const spell of [
    (n: number) => ({ a: '1', [`n${n}`]: '' }),
    (n: number) => ({ [`n${n}`]: '', a: '1' }),
    (n: number) => Object.fromEntries(Array.from({ length: 20 }, (_, name) => [`n${n}_${name}`, ''])),
  ]) {
    const index = new LabelIndex<number>(10);
    for (let n = 0; n < 20_000; n++) index.insert(setOf(spell(n)), 1);
    const found = Array.from({ length: 20_000 }, (_, n) => index.find(spell(n))).filter(
      (series) => series === 1,
    ).length;
    t.ok(found > 0, 'the first are found');
    t.ok(found < 2_000, `${found} of 20000`);
    t.equal(index.find(spell(0)), 1);
  }
  t.end();
});

test('an index takes in no lone surrogates: there is no end of them, and they all are U+FFFD', async (t) => {
  const index = new LabelIndex<number>(10);
  index.insert(setOf({ a: '\ud800', b: 'x' }), 1);
  index.insert(setOf({ b: 'x', a: '\udc00\ud800' }), 1);
  index.insert(setOf({ a: '\u{1f600}' }), 2);
  t.equal(index.find({ a: '\ud800', b: 'x' }), undefined);
  t.equal(index.find({ b: 'x', a: '\udc00\ud800' }), undefined);
  t.equal(index.find({ a: '\u{1f600}' }), 2);

  const counter = collectorFor(t).counter('c');
  for (const a of ['\ud800', '\udfff', '\ufffd']) for (let times = 0; times < 3; times++) counter.increment(1, { a });
  t.equal(counter.getValue({ a: '\ufffd' }), 9, 'and they are one series');
});

test('what a record costs does not grow with the number of label names that the metric has seen', async (t) => {
  const collector = collectorFor(t);
  const [few, many] = [collector.counter('few'), collector.counter('many')];
  for (let name = 0; name < 9_000; name++)
    for (let times = 0; times < 2; times++) many.increment(1, { [`n${name}`]: 'v' });
  const cost = (counter: typeof few, labels: Values): number => {
    const times = Array.from({ length: 40 }, () => {
      const start = performance.now();
      for (let times = 0; times < 500; times++) counter.increment(1, labels);
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  cost(few, { a: 'v' });
  const ratio =
    Math.max(...['n1', 'n4500', 'n8999'].map((name) => cost(many, { [name]: 'v' }))) / cost(few, { a: 'v' });
  // with a list it was some thousand times
  t.ok(ratio < 40, `${ratio.toFixed(1)} times the record of a metric with one name`);
});

test('metrics that share a tree find their own series, whichever of them have a label set', async (t) => {
  const root = new Step();
  const indexes = Array.from({ length: 7 }, () => new LabelIndex<string>(100, root));
  const sets = ['a', 'b', 'c'].map((route) => ({ route, method: 'GET' }));
  const has = (index: number, set: number): boolean => (index + set) % 3 !== 0;
  for (const [number, index] of indexes.entries())
    for (const [which, labels] of sets.entries())
      if (has(number, which)) index.insert(setOf(labels), `${number} ${which}`);
  indexes[1].insert(setOf({ method: 'GET', route: 'a' }), '1 0');
  for (const [number, index] of indexes.entries())
    for (const [which, labels] of sets.entries())
      t.equal(index.find(labels), has(number, which) ? `${number} ${which}` : undefined);
  t.equal(indexes[1].find({ method: 'GET', route: 'a' }), '1 0');
  t.equal(indexes[2].find({ method: 'GET', route: 'a' }), undefined);
});
