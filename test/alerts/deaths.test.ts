import { setImmediate as turn } from 'node:timers/promises';
import type { RuleGroup } from 'ringmeter';
import { test } from 'tap';
import { cleanUpAfterRuleThread } from '../../dist/src/alerts/port.js';
import { random } from '../fixtures/program.cjs';
import { SEED } from '../instruments/support';
import { Evaluator, GivenSeries, portOf } from './support';

const MINUTE = 60_000;
const STEPS = 120;

const GROUP: RuleGroup = {
  name: 'g',
  interval: '1m',
  rules: [
    { record: 'load:max', expr: 'max by (job) (load)' },
    { alert: 'High', expr: 'load:max > 5', for: '2m', annotations: { text: '{{ $value }}' } },
    { alert: 'Higher', expr: 'load:max > 7', keepFiringFor: '3m' },
    { record: 'high:count', expr: 'count(ALERTS)' },
  ],
};

/** Where a thread ends: while it waits to write what a rule gave, or to tell of changes, which is after the state is written. */
const PLACES = [0, 1, 2, 3, 'publish'] as const;

/** Lets a thread go on for ever without doing anything at a place: for the others, that is what a dead one does. */
function dieAt(evaluator: Evaluator, place: (typeof PLACES)[number]): Promise<void> {
  return new Promise((dies) => {
    const never = (): Promise<never> => {
      dies();
      return new Promise(() => {});
    };
    const write = evaluator.log.write.bind(evaluator.log);
    if (place === 'publish') evaluator.changes.publish = never;
    else evaluator.log.write = (rule, time, samples) => (rule === place ? never() : write(rule, time, samples));
  });
}

function history(next: () => number): GivenSeries {
  const series = new GivenSeries();
  for (const job of ['a', 'b', 'c']) {
    let level = next() * 10;
    const values = Array.from({ length: STEPS }, () => {
      if (next() < 0.3) level = next() * 10;
      return next() < 0.05 ? undefined : level;
    });
    series.add({ __name__: 'load', job }, MINUTE, MINUTE, values);
  }
  return series;
}

test(`wherever a thread ends, the next one continues as if one thread had done all (RINGMETER_SEED=${SEED})`, async (t) => {
  const next = random(SEED);
  const series = history(next);
  const port = portOf(GROUP);
  const reference = Evaluator.of(GROUP, series);
  let mark = 1;
  let evaluator = new Evaluator(port, mark, series);
  for (let minute = 1; minute <= STEPS; minute++) {
    const time = minute * MINUTE;
    if (next() < 0.3) {
      const place = PLACES[Math.floor(next() * PLACES.length)];
      const died = dieAt(evaluator, place);
      evaluator.begin(time);
      await died;
      cleanUpAfterRuleThread(port, 0, mark);
      evaluator = new Evaluator(port, ++mark, series);
    }
    // the step that the dead one was at is made again, if its state was not written
    if (evaluator.board.lastStep(0) < time) await evaluator.step(time);
    await reference.step(time);
    t.same(
      evaluator.state.rules.map(({ alerts }) => alerts),
      reference.state.rules.map(({ alerts }) => alerts),
    );
  }
  // what the last one may not have told
  await evaluator.step((STEPS + 1) * MINUTE);
  await reference.step((STEPS + 1) * MINUTE);
  await turn();
  t.same(await evaluator.told(), await reference.told(), 'every change is told once');
  t.ok((await reference.told()).length > 20 && mark > 20, `${mark - 1} threads have ended`);
  for (const expression of ['ALERTS', 'load:max', 'high:count']) {
    const [ours, theirs] = await Promise.all(
      [evaluator, reference].map(({ engine }) => engine.range(expression, MINUTE, STEPS * MINUTE, MINUTE)),
    );
    t.same(new Set(ours.series.map(line)), new Set(theirs.series.map(line)), expression);
  }
});

function line({
  labels,
  times,
  values,
}: {
  labels: object;
  times: readonly number[];
  values: readonly number[];
}): string {
  return JSON.stringify([Object.entries(labels).sort(), times, values]);
}
