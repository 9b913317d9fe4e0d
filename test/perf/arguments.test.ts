import { test } from 'tap';
import { readArguments } from '../../perf/arguments';

const NAMES = ['hot-path', 'scrape', 'memory'];
const read = (...args: string[]) => readArguments(args, NAMES);

test('without arguments everything is measured in full, several times', async (t) => {
  const { scale, only, repetitions, list, help } = read();
  t.equal(scale, 'full');
  t.same(only, NAMES);
  t.ok(repetitions > 1);
  t.notOk(list || help);
});

test('a quick run measures everything once', async (t) => {
  t.match(read('--quick'), { scale: 'quick', only: NAMES, repetitions: 1 });
});

test('only some benchmarks, in the order of the suite', async (t) => {
  t.same(read('--only', 'memory, hot-path').only, ['hot-path', 'memory']);
  t.throws(() => read('--only', 'memory,cpu'), { message: 'no benchmark cpu; there are hot-path, scrape, memory' });
});

test('repetitions must be an integer of at least 1', async (t) => {
  t.equal(read('--quick', '--repetitions', '3').repetitions, 3);
  for (const bad of ['0', '1.5', 'two'])
    t.throws(() => read('--repetitions', bad), {
      message: `--repetitions must be a whole number from 1, got ${bad}`,
    });
});

test('unknown arguments are refused', async (t) => {
  t.throws(() => read('--fast'), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' });
});
