import { test } from 'tap';
import { Budget } from '../../dist/src/query/budget.js';
import { typeOf } from '../../dist/src/query/check.js';
import { Evaluation } from '../../dist/src/query/evaluate.js';
import { parseExpression } from '../../dist/src/query/parse.js';
import { AGGREGATIONS, ARITHMETIC, COMPARISONS, SET_OPERATORS, SIGNATURES } from '../../dist/src/query/signatures.js';
import type { SampleSeries } from '../../dist/src/query/types.js';

/** Steps of work after which the event loop turns here: fewer than in use, so that few samples are enough. */
const TURN_AFTER = 10_000;
/** Steps of work that may be done in one go: far below a millisecond's. */
const LONGEST_PIECE = 60_000;

/** Expressions with every function, aggregation and operator, over `x`, `other` and the range `x[R]`. */
function expressions(): string[] {
  const arguments_ = { vector: 'x', matrix: 'x[R]', scalar: '0.5', string: '"id"' };
  const all = ['-x', 'last_over_time(x[R:1ms])'];
  // of a plain selector there is nothing to do, and a range query sorts by labels
  for (const [name, { args }] of SIGNATURES)
    all.push(
      `${name}(${name === 'timestamp' ? '+' : ''}${args.map((type) => arguments_[type as keyof typeof arguments_]).join(', ')})`,
    );
  for (const [name, parameter] of AGGREGATIONS)
    all.push(`${name}(${parameter === undefined ? '' : `${arguments_[parameter as 'scalar']}, `}x)`);
  for (const operator of [...ARITHMETIC, 'atan2', ...COMPARISONS, ...SET_OPERATORS])
    all.push(`x ${operator} on(id) other`);
  for (const operator of [...ARITHMETIC, 'atan2', ...COMPARISONS]) all.push(`x ${operator} 2`);
  return all;
}

interface Source {
  series: SampleSeries[];
  range: string;
  ask: { start: number; end: number; step: number };
}

function series(name: string, id: number, times: Float64Array): SampleSeries {
  return { labels: { __name__: name, id: String(id), le: String(id) }, times, values: times.map((_, at) => at % 7) };
}

/** Many series at one moment, one series at many, and one range of many samples. */
const SOURCES: Record<string, Source> = {
  'many series': {
    series: ['x', 'other'].flatMap((name) =>
      Array.from({ length: 3_000 }, (_, id) => series(name, id, Float64Array.of(900, 1_000))),
    ),
    range: '1s',
    ask: { start: 1_000, end: 1_000, step: 1 },
  },
  'many steps': {
    series: ['x', 'other'].map((name) => series(name, 0, Float64Array.of(900, 1_000, 12_000))),
    range: '1s',
    ask: { start: 1_000, end: 41_000, step: 1 },
  },
  'many samples': {
    series: ['x', 'other'].map((name) =>
      series(
        name,
        0,
        Float64Array.from({ length: 60_000 }, (_, at) => at),
      ),
    ),
    range: '60s',
    ask: { start: 59_999, end: 59_999, step: 1 },
  },
};

/** What budgets are told of while something is evaluated. The event loop turns after so many steps, whatever the time. */
async function watched(evaluate: (signal: AbortSignal) => Promise<unknown>, abortAt = 0) {
  const told = { work: 0, longest: 0, turns: 0, wasAborted: false };
  const abort = new AbortController();
  const original = Object.getOwnPropertyDescriptors(Budget.prototype);
  const { turn } = Budget.prototype;
  let piece = 0;
  Budget.prototype.spend = (work) => {
    told.work += work;
    piece += work;
    told.longest = Math.max(told.longest, piece);
    return piece > TURN_AFTER;
  };
  Object.defineProperty(Budget.prototype, 'isLong', { configurable: true, value: false });
  Budget.prototype.turn = async function () {
    piece = 0;
    if (++told.turns === abortAt) abort.abort(told);
    await turn.call(this);
  };
  try {
    await evaluate(abort.signal);
  } catch (error) {
    if (error !== told) throw error;
    told.wasAborted = true;
  } finally {
    Object.defineProperties(Budget.prototype, original);
  }
  return told;
}

for (const [name, { series: all, range, ask }] of Object.entries(SOURCES))
  test(`every function and operator charges the work of ${name}, and ends with its signal`, async (t) => {
    const source = {
      select: (matchers: readonly { value: string }[]) =>
        all.filter(({ labels }) => matchers.some(({ value }) => value === labels.__name__)),
    };
    const grid = { start: ask.start, step: ask.step, count: (ask.end - ask.start) / ask.step + 1 };
    const evaluate = (expression: string) => async (signal: AbortSignal) => {
      const node = parseExpression(expression.replaceAll('R', range));
      const limits = { maxSamples: 2 ** 30, maxBytes: 2 ** 30, timeout: 2 ** 30 };
      const budget = new Budget(limits, signal);
      const evaluation = new Evaluation({ source, bounds: ask, lookback: 300_000, budget });
      return typeOf(node) === 'scalar' ? evaluation.scalar(node, grid) : evaluation.vector(node, grid);
    };
    const reading = await watched(evaluate('x'));
    const count = all.length / 2;
    for (const expression of expressions()) {
      const told = await watched(evaluate(expression));
      if (expression.startsWith('sort') && grid.count > 1) continue;
      const reads = /\bx\b/.test(expression);
      // those look at no values, only whether there are some
      const isOfLabels = /^(label_|absent_over)/.test(expression);
      const samples = expression.includes('[R]') ? all[0].times.length : 1;
      const items = (isOfLabels ? 1 : Math.max(grid.count, samples)) * (reads ? count : 1);
      const least = expression.includes('[R]') ? items : (reads ? reading.work : 0) + items / 2;
      t.ok(told.work >= least, `${expression}: work of ${told.work}, and ${least} is what its values take`);
      t.ok(told.longest < LONGEST_PIECE, `${expression}: ${told.longest} steps in one go`);
      if (told.turns < 2) continue;
      const aborted = await watched(evaluate(expression), Math.ceil(told.turns * 0.9));
      t.ok(aborted.wasAborted, `${expression} ends with its signal`);
    }
  });
