import { test } from 'tap';
import { LabelIndex } from '../../dist/src/instruments/label-index.js';
import { LabelSet } from '../../dist/src/instruments/label-set.js';
import { LabelTree } from '../../dist/src/instruments/label-tree.js';
import { collectorFor } from './support';

type Values = Record<string, string | number | boolean>;

function setOf(labels: Values): LabelSet {
  const set = new LabelSet({ names: null, reserved: undefined }, []);
  const problem = set.read(labels);
  if (problem !== undefined) throw new Error(problem.message);
  return set;
}

const found = (index: LabelIndex, labels: object): number => index.code(index.find(labels as Values));

test('an index finds every entry, whatever the names, their number and their order', (t) => {
  const index = new LabelIndex(10_000);
  const sets: Values[] = [];
  for (let name = 0; name < 300; name++)
    for (const value of ['x', 7, true, '', Number.NaN])
      sets.push({ [`n${name}`]: value }, { [`n${name}`]: value, z: 1 });
  sets.push({ a: '1', b: '2', c: '3' }, { c: '3', a: '1', b: '2' });
  sets.forEach((labels, series) => {
    index.insert(setOf(labels), { code: series + 1, epoch: 0 });
  });
  t.same(
    sets.map((labels) => found(index, { ...labels })),
    sets.map((_, series) => series + 1),
  );
  for (const labels of [{}, { n0: 'y' }, { n300: 'x' }, { z: 1, n0: 'x' }, { n0: 'x', z: 1, n1: 'x' }])
    t.equal(found(index, labels), 0, JSON.stringify(labels));
  t.end();
});

test('an index stores a bounded number of spellings of its series, and keeps those it has', (t) => {
  for (const spell of [
    (n: number) => ({ a: '1', [`n${n}`]: '' }),
    (n: number) => ({ [`n${n}`]: '', a: '1' }),
    (n: number) => Object.fromEntries(Array.from({ length: 20 }, (_, name) => [`n${n}_${name}`, ''])),
  ]) {
    const index = new LabelIndex(10);
    for (let n = 0; n < 20_000; n++) index.insert(setOf(spell(n)), { code: 1, epoch: 0 });
    const known = Array.from({ length: 20_000 }, (_, n) => found(index, spell(n))).filter((code) => code === 1).length;
    t.ok(known > 0, 'the first are found');
    t.ok(known < 2_000, `${known} of 20000`);
    t.equal(found(index, spell(0)), 1);
  }
  t.end();
});

test('an index stores no lone surrogates: there are unlimited spellings with them, and all become U+FFFD', async (t) => {
  const index = new LabelIndex(10);
  index.insert(setOf({ a: '\ud800', b: 'x' }), { code: 1, epoch: 0 });
  index.insert(setOf({ b: 'x', a: '\udc00\ud800' }), { code: 1, epoch: 0 });
  index.insert(setOf({ a: '\u{1f600}' }), { code: 2, epoch: 0 });
  t.equal(found(index, { a: '\ud800', b: 'x' }), 0);
  t.equal(found(index, { b: 'x', a: '\udc00\ud800' }), 0);
  t.equal(found(index, { a: '\u{1f600}' }), 2);

  const counter = collectorFor(t).counter('c');
  for (const a of ['\ud800', '\udfff', '\ufffd']) for (let times = 0; times < 3; times++) counter.increment(1, { a });
  t.equal(counter.getValue({ a: '\ufffd' }), 9, 'and they are one series');
});

test('the cost of a record does not grow with the number of label names that the metric has seen', async (t) => {
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
  const tree = new LabelTree();
  const indexes = Array.from({ length: 7 }, () => new LabelIndex(100, tree));
  const sets = ['a', 'b', 'c'].map((route) => ({ route, method: 'GET' }));
  const has = (index: number, set: number): boolean => (index + set) % 3 !== 0;
  // every other one is a gauge's
  const startOf = (index: number, set: number) => ({
    code: 100 * index + set + 1,
    epoch: (index % 2) * (10 * index + set),
  });
  const at = (index: LabelIndex, labels: Values) => {
    const set = index.find(labels);
    return { code: index.code(set), epoch: index.epoch(set) };
  };
  for (const [number, index] of indexes.entries())
    for (const [which, labels] of sets.entries())
      if (has(number, which)) index.insert(setOf(labels), startOf(number, which));
  indexes[1].insert(setOf({ method: 'GET', route: 'a' }), startOf(1, 0));
  for (const [number, index] of indexes.entries())
    for (const [which, labels] of sets.entries())
      t.same(at(index, labels), has(number, which) ? startOf(number, which) : { code: 0, epoch: 0 });
  t.same(at(indexes[1], { method: 'GET', route: 'a' }), startOf(1, 0));
  t.equal(found(indexes[2], { method: 'GET', route: 'a' }), 0);
});

test('a metric with few of very many label sets in a shared tree gets a tree of its own', (t) => {
  const tree = new LabelTree();
  const [all, few] = [new LabelIndex(100_000, tree), new LabelIndex(100_000, tree)];
  const labelsOf = (n: number): Values => ({ route: `r${n}` });
  const kept = Array.from({ length: 40_000 }, (_, n) => all.insert(setOf(labelsOf(n)), { code: n + 1, epoch: 0 }));
  t.ok(kept.every(Boolean));
  t.ok(few.insert(setOf(labelsOf(10_000)), { code: 7, epoch: 3 }), 'the first ones are near enough');
  t.notOk(few.insert(setOf(labelsOf(39_999)), { code: 8, epoch: 4 }));
  t.same(
    [10_000, 39_999].map((n) => found(few, labelsOf(n))),
    [7, 0],
    'it has what it had',
  );
  t.equal(found(all, labelsOf(39_999)), 40_000);
  t.end();
});

test('records of a metric with few of very many label sets reach the right series', async (t) => {
  const collector = collectorFor(t, { cardinalityLimit: 30_000 });
  const [all, few] = [collector.gauge('all'), collector.gauge('few')];
  for (let times = 0; times < 2; times++) for (let n = 0; n < 20_000; n++) all.set(n, { n });
  const some = Array.from({ length: 10 }, (_, place) => 2_222 * place);
  for (let times = 0; times < 5; times++) for (const n of some) few.increment(n, { n });
  t.same(
    some.map((n) => few.getValue({ n })),
    some.map((n) => 5 * n),
  );
  t.equal(all.getValue({ n: 19_998 }), 19_998);
});
