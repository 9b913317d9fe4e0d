import fc from 'fast-check';
import { test } from 'tap';
import { History } from '../../dist/src/history/history.js';
import { SEED } from '../instruments/support';
import { randomFrom, STEPS, stepNames } from './values';

interface Kept {
  timestamp: number;
  births: number;
  values: Float64Array;
}

const EVER = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
const words = (bytes: number): Float64Array => new Float64Array(new SharedArrayBuffer(bytes));

/** Throws unless a window of the history shows these snapshots, value for value, and for each column from when on. */
function compare(
  history: History,
  [from, to]: readonly [number, number],
  kept: readonly Kept[],
  columns: number,
): void {
  const window = history.window(from, to);
  const times = kept.map(({ timestamp }) => timestamp);
  if (`${[...window.times]}` !== `${times}`) throw new Error(`times ${[...window.times]} instead of ${times}`);
  for (let column = 0; column <= columns; column++) {
    const into = new Float64Array(kept.length).fill(99);
    const first = window.read(column, column, into);
    kept.forEach(({ births, values }, index) => {
      const there = column < births && column < values.length;
      if (there !== index >= first) throw new Error(`column ${column} begins at ${first}, not at ${index}`);
      if (there ? !Object.is(into[index], values[column]) : into[index] !== 99)
        throw new Error(`column ${column} at ${index} is ${into[index]} instead of ${values[column]}`);
    });
  }
}

const program = fc.record({
  seed: fc.nat(),
  bytes: fc.constantFrom(4_096, 16_384, 65_536, 2 ** 20),
  maxAge: fc.constantFrom(5_000, 60_000, 1e9),
  maxSnapshots: fc.constantFrom(1, 3, 29, 33, 100, 1e6),
  columns: fc.integer({ min: 0, max: 60 }),
  flushes: fc.integer({ min: 1, max: 250 }),
});

test(`a history contains the newest of the appended snapshots, whatever they are (RINGMETER_SEED=${SEED})`, async (t) => {
  fc.assert(
    fc.property(program, ({ seed, bytes, maxAge, maxSnapshots, columns: most, flushes }) => {
      const random = randomFrom(seed);
      const memory = words(bytes);
      let history = new History(memory, { maxAge, maxSnapshots });
      let model: Kept[] = [];
      let now = 1_000_000;
      let births = 0;
      const state: number[] = [];
      for (let flush = 0; flush < flushes; flush++) {
        now += Math.floor(random() * 2_000);
        if (random() < 0.05) history = new History(memory, { maxAge, maxSnapshots });
        while (state.length < most && random() < 0.4) state.push(Math.floor(random() * 1e4));
        births = Math.max(births, state.length - (random() < 0.2 ? 2 : 0));
        state.forEach((value, column) => {
          state[column] = STEPS[stepNames[column % stepNames.length]](value, random(), flush);
        });
        const odd = random();
        if (odd < 0.02) now -= 100_000;
        const late = odd > 0.97 && model.length > 0 ? 1 + Math.floor(random() * 1_000) : 0;
        const timestamp = late > 0 ? model[model.length - 1].timestamp - late : now;
        if (!history.append(timestamp, births, Float64Array.from(state))) throw new Error('it would have fitted');
        if (late === 0) {
          if (model.length > 0 && now < model[model.length - 1].timestamp - 60_000) model = [];
          model.push({ timestamp, births, values: Float64Array.from(state) });
        }
        now = Math.max(now, model[model.length - 1].timestamp);
        model = model.slice(-maxSnapshots);
        const { length } = history.window(...EVER).times;
        const due = model.filter((one) => one.timestamp >= now - maxAge).length;
        if (length === 0 || (bytes === 2 ** 20 && length < due)) throw new Error(`${length} of ${due} are left`);
        if (history.bytes > bytes) throw new Error(`${history.bytes} bytes`);
        model = model.slice(-length);
        if (random() > 0.2) continue;
        compare(history, EVER, model, state.length);
        const from = model[Math.floor(random() * model.length)].timestamp + Math.floor(random() * 3) - 1;
        const to = from + Math.floor(random() * 40_000);
        const part = model.filter(({ timestamp }) => timestamp >= from && timestamp <= to);
        compare(history, [from, to], part, state.length);
      }
      compare(history, EVER, model, state.length);
    }),
    { seed: SEED, numRuns: 150 },
  );
  t.pass();
});

test('blocks of many columns are closed in steps, and readers see the same data meanwhile', async (t) => {
  const columns = 5_000;
  const history = new History(words(16 * 2 ** 20), { maxAge: 1e9, maxSnapshots: 1e6 });
  const model: Kept[] = [];
  for (let flush = 0; flush < 100; flush++) {
    const values = Float64Array.from({ length: columns }, (_, column) => flush * column);
    t.ok(history.append(flush, columns, values));
    model.push({ timestamp: flush, births: columns, values });
    compare(history, EVER, model, columns);
  }
});

test('when memory is short, whole blocks are removed, also if many columns are added while a block is closed', async (t) => {
  const random = randomFrom(3);
  const history = new History(words(4 * 2 ** 20), { maxAge: 1e9, maxSnapshots: 1e6 });
  let model: Kept[] = [];
  let columns = 3_000;
  for (let flush = 0; flush < 150; flush++) {
    if (flush % 9 === 8 && columns < 12_000) columns += 1_300;
    const values = Float64Array.from({ length: columns }, random);
    t.ok(history.append(flush, columns, values));
    model.push({ timestamp: flush, births: columns, values });
    const { length } = history.window(...EVER).times;
    if (length < Math.min(flush + 1, 20)) t.fail(`flush ${flush}: ${length} are left`);
    model = model.slice(-length);
    compare(history, EVER, model, columns);
  }
  t.ok(model.length < 100, 'blocks were forgotten');
});

test('a snapshot that is larger than a quarter of the bytes is refused and changes nothing', async (t) => {
  const history = new History(words(4_096), { maxAge: 1e9, maxSnapshots: 10 });
  const most = 4_096 / 4 / 8 - 8 - 4;
  t.ok(history.append(1, 5, new Float64Array(most).fill(7)));
  t.notOk(history.append(2, 5, new Float64Array(most + 1)));
  t.same([...history.window(...EVER).times], [1]);
  t.ok(history.append(3, 5, new Float64Array(most).fill(8)));
  const into = new Float64Array(2);
  t.equal(history.window(...EVER).read(most - 1, 0, into), 0);
  t.same([...into], [7, 8]);
});

test('late snapshots change nothing; a clock that was set back begins a new history', async (t) => {
  const history = new History(words(65_536), { maxAge: 1e9, maxSnapshots: 1_000 });
  const times = (): number[] => [...history.window(...EVER).times];
  for (let flush = 0; flush < 80; flush++) history.append(1e6 + flush, 1, Float64Array.of(flush));
  for (const late of [78, 0, 79 - 60_000]) t.ok(history.append(1e6 + late, 1, Float64Array.of(0)));
  t.equal(times().length, 80);
  history.append(1e6 + 79, 1, Float64Array.of(80));
  t.same(times().slice(-2), [1e6 + 79, 1e6 + 79], 'two of one millisecond are both kept');
  history.append(1e6 + 79 - 60_001, 1, Float64Array.of(81));
  t.same(times(), [1e6 + 79 - 60_001]);
});

test('a small history uses a small part of its memory, for ever', async (t) => {
  const memory = words(16 * 2 ** 20);
  const history = new History(memory, { maxAge: 1e9, maxSnapshots: 300 });
  const random = randomFrom(7);
  const values = new Float64Array(100);
  let kept = 0;
  for (let flush = 0; flush < 20_000; flush++) {
    for (let column = 0; column < values.length; column++) values[column] += random();
    history.append(flush, 1e6, values);
    kept = Math.max(kept, history.bytes);
    if (flush > 400 && history.window(...EVER).times.length !== 300) t.fail(`flush ${flush}`);
  }
  const touched = memory.reduce((count, word) => count + (word === 0 ? 0 : 8), 0);
  t.ok(touched < kept * 8, `${touched} bytes were touched for the ${kept} that are kept`);
});
