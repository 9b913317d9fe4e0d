import { once } from 'node:events';
import type { RuleGroup } from 'ringmeter';
import { test } from 'tap';
import { Evaluator, GivenSeries, portOf, show } from './support';

const MINUTE = 60_000;

const GROUP: RuleGroup = {
  name: 'g',
  interval: '1m',
  rules: [
    { record: 'load:max', expr: 'max by (job) (load)', labels: { kind: 'max' } },
    {
      alert: 'High',
      expr: 'load:max > 5',
      for: '2m',
      labels: { severity: '{{ if gt $value 8.0 }}page{{ else }}ticket{{ end }}' },
      annotations: { summary: '{{ $labels.job }}: {{ $value }}' },
    },
    { record: 'alerts:count', expr: 'count(ALERTS{alertstate="firing"})' },
  ],
};

function history(): GivenSeries {
  const series = new GivenSeries();
  series.add({ __name__: 'load', job: 'a', instance: '1' }, MINUTE, MINUTE, [6, 6, 7, 6, 1, 1, 1]);
  series.add({ __name__: 'load', job: 'b', instance: '1' }, MINUTE, MINUTE, [1, 9, 1, 1]);
  return series;
}

test('a rule sees the results of the rules before it in its group at the same step', async (t) => {
  const evaluator = Evaluator.of(GROUP, history());
  const alert = (job: string, severity: string) => `{alertname="High",job="${job}",kind="max",severity="${severity}"}`;
  const seen: string[][] = [];
  for (let minute = 1; minute <= 5; minute++) {
    await evaluator.step(minute * MINUTE);
    seen.push(evaluator.alerts());
  }
  t.same(seen, [
    [`${alert('a', 'ticket')} pending`],
    [`${alert('a', 'ticket')} pending`, `${alert('b', 'page')} pending`],
    [`${alert('a', 'ticket')} firing`],
    [`${alert('a', 'ticket')} firing`],
    [`${alert('a', 'ticket')} resolved`],
  ]);
  const counted = await evaluator.engine.range('alerts:count', MINUTE, 5 * MINUTE, MINUTE);
  t.same(counted.series[0], { labels: { __name__: 'alerts:count' }, times: [180_000, 240_000], values: [1, 1] });
  const since = await evaluator.engine.instant('ALERTS_FOR_STATE', 4 * MINUTE);
  t.match(since, { samples: [{ value: 60 }] });
});

test('changes of alerts are reported in order, with the annotations of their time', async (t) => {
  const evaluator = Evaluator.of(GROUP, history());
  for (let minute = 1; minute <= 5; minute++) await evaluator.step(minute * MINUTE);
  t.same(
    (await evaluator.told()).map(({ sequence, state, alert }) => `${sequence} ${state} ${alert.annotations.summary}`),
    ['1 pending a: 6', '2 pending b: 9', '3 firing a: 7', '4 inactive b: 9', '5 resolved a: 6'],
  );
});

test('a thread that takes over continues after the last complete evaluation', async (t) => {
  const port = portOf(GROUP);
  const threads = [1, 2, 3].map((mark) => new Evaluator(port, mark, history()));
  // each begins a step, and ends before the next: another one goes on
  for (let minute = 1; minute <= 6; minute++) await threads[minute % 3].step(minute * MINUTE);
  const [single] = [Evaluator.of(GROUP, history())];
  for (let minute = 1; minute <= 6; minute++) await single.step(minute * MINUTE);
  t.same(threads[0].alerts(), single.alerts());
  t.same(
    (await threads[0].told()).map(({ sequence, state, time }) => [sequence, state, time]),
    (await single.told()).map(({ sequence, state, time }) => [sequence, state, time]),
  );
  const expression = '{__name__=~".+"}';
  const lines = async ({ engine }: Evaluator) =>
    (await engine.range(expression, 0, 6 * MINUTE, MINUTE)).series
      .map(({ labels, times, values }) => `${show(labels)} ${times} ${values}`)
      .sort();
  t.same(await lines(threads[1]), await lines(single));
});

test('changes that a thread had not reported before it ended are reported by the next thread', async (t) => {
  const port = portOf(GROUP);
  const first = new Evaluator(port, 1, history());
  first.changes.publish = async () => {
    throw new Error('terminated here');
  };
  await first.step(MINUTE);
  const second = new Evaluator(port, 2, history());
  t.same(await second.told(), []);
  await second.step(2 * MINUTE);
  t.same(
    (await second.told()).map(({ sequence, state }) => `${sequence} ${state}`),
    ['1 pending', '2 pending'],
  );
});

test('missed evaluations are counted and not made up for', async (t) => {
  const evaluator = Evaluator.of(GROUP, history());
  await evaluator.step(MINUTE);
  await evaluator.step(4 * MINUTE);
  t.equal(evaluator.board.counted(0, 'evaluations'), 2);
  t.equal(evaluator.board.counted(0, 'missed'), 2);
  t.equal(evaluator.state.time, 4 * MINUTE);
  // the clock was set back by hours
  await evaluator.step(MINUTE);
  t.equal(evaluator.state.time, MINUTE);
});

test('a rule that fails reports its error, and the other rules are evaluated', async (t) => {
  const source = new GivenSeries();
  source.add({ __name__: 'load', job: 'a', instance: '1' }, MINUTE, MINUTE, [1, 1, 1]);
  source.add({ __name__: 'load', job: 'a', instance: '2' }, MINUTE, MINUTE, [1, 1, 1]);
  const evaluator = Evaluator.of(
    {
      name: 'g',
      interval: '1m',
      limit: 1,
      rules: [
        { record: 'same', expr: 'load', labels: { instance: 'x' } },
        { record: 'many', expr: 'load' },
        { alert: 'Same', expr: 'load', labels: { instance: 'x' } },
        { alert: 'Many', expr: 'load' },
        { record: 'range', expr: 'load[5m]' },
        { record: 'fine', expr: '7' },
        { alert: 'Broken', expr: 'vector(1)', annotations: { text: '{{ query "sum(" | first }}' } },
      ],
    },
    source,
  );
  const warned: string[] = [];
  const listen = ({ message }: Error): void => void warned.push(message);
  process.on('warning', listen);
  t.teardown(() => process.off('warning', listen));
  await evaluator.step(MINUTE);
  await evaluator.step(2 * MINUTE);
  t.equal(warned.length, 5, 'told once, though they go on failing');
  t.equal(warned[1], 'rule many of group g: exceeded limit of 1 with 2 series');
  const errors = evaluator.state.rules.map(({ health, lastError }) => `${health} ${lastError}`);
  t.equal(errors[0], 'err vector contains metrics with the same labelset after applying rule labels');
  t.equal(errors[1], 'err exceeded limit of 1 with 2 series');
  t.equal(errors[2], 'err vector contains metrics with the same labelset after applying alert labels');
  t.equal(errors[3], 'err exceeded limit of 1 with 2 alerts');
  t.equal(errors[4], 'err rule result is not a vector or scalar');
  t.equal(errors[5], 'ok ');
  t.match(await evaluator.engine.instant('fine', 2 * MINUTE), { samples: [{ value: 7 }] });
  t.match(evaluator.state.rules[6].alerts[0].annotations.text, /^<error expanding template: /);
  t.equal(evaluator.board.counted(0, 'failures'), 10);
});

test('a state of alerts that is too large is warned about, and tried again at the next step', async (t) => {
  const source = new GivenSeries();
  source.add({ __name__: 'load', job: 'x'.repeat(3_000_000) }, MINUTE, MINUTE, [1, 0, 1]);
  const evaluator = Evaluator.of({ name: 'g', interval: '1m', rules: [{ alert: 'A', expr: 'load > 0' }] }, source);
  const warned = once(process, 'warning');
  await evaluator.step(MINUTE);
  t.match((await warned)[0], {
    code: 'RINGMETER_RULE_FAILED',
    message: /group g: a document of \d+ bytes does not fit into its \d+ bytes/,
  });
  await evaluator.step(2 * MINUTE);
  t.same(evaluator.alerts(), []);
  t.equal(evaluator.state.time, 2 * MINUTE);
});
