import { test } from 'tap';
import { Budget } from '../../dist/src/query/budget.js';
import { Evaluation } from '../../dist/src/query/evaluate.js';
import { parseExpression } from '../../dist/src/query/parse.js';
import { seriesOf } from './support';

const limits = { maxSamples: 10_000, maxBytes: 1_000_000, timeout: 60_000 };
const series = Array.from({ length: 10 }, (_, id) => seriesOf({ __name__: 'x', id: String(id) }, [1, id]));
const grid = { start: 2_000, step: 1_000, count: 100 };

/** Samples that are held when an expression has been evaluated, and at most meanwhile. */
async function held(expression: string): Promise<{ after: number; most: number }> {
  const told = { after: 0, most: 0 };
  const budget = new Budget(limits, undefined);
  const { hold, release } = budget;
  budget.hold = (samples) => {
    told.after += samples;
    told.most = Math.max(told.most, told.after);
    hold.call(budget, samples);
  };
  budget.release = (samples) => {
    told.after -= samples;
    release.call(budget, samples);
  };
  const source = { select: () => series };
  const evaluation = new Evaluation({ source, bounds: { start: 0, end: 0 }, lookback: 300_000, budget });
  await evaluation.vector(parseExpression(expression), grid);
  return told;
}

test('an evaluation is charged for its operands while it runs, and for its result at the end', async (t) => {
  t.same(await held('x'), { after: 1_000, most: 1_010 });
  t.same(await held('-x'), { after: 1_000, most: 1_010 });
  t.same(await held('x + 2'), { after: 1_000, most: 1_100 }, 'the scalar is given back');
  t.same(await held('2 < x'), { after: 1_000, most: 1_100 });
  t.same(await held('sum(x)'), { after: 100, most: 1_200 });
  t.same(await held('x + x'), { after: 1_000, most: 3_000 });
  t.same(await held('count_over_time(x[5m])'), { after: 1_000, most: 1_010 });
  t.same(await held('vector(1)'), { after: 100, most: 101 }, 'evaluated at one step');
});

test('entries, objects and texts are charged by the byte', async (t) => {
  const budget = new Budget(limits, undefined);
  budget.holdEntries(3);
  t.equal(budget.heldBytes, 48);
  budget.holdObject(2, 10);
  t.equal(budget.heldBytes, 48 + 48 + 32 + 10);
  budget.holdBytes(limits.maxBytes - budget.heldBytes);
  t.throws(() => budget.holdBytes(1), {
    code: 'RINGMETER_QUERY_LIMIT',
    message: 'the evaluation needs 1000001 bytes for labels and results, more than the limit of 1000000',
  });
  budget.hold(10_000);
  t.throws(() => budget.hold(1), {
    code: 'RINGMETER_QUERY_LIMIT',
    message: 'the evaluation needs 10001 samples at the same time, more than the limit of 10000',
  });
});
