import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineSlo, MemoryStorage, MetricsCollector, type SloOptions } from 'ringmeter';
import { type Test, test } from 'tap';
import { parse } from 'yaml';
import { needs, program } from '../engines/engine';
import { until } from '../instruments/support';
import { Evaluator, GivenSeries } from './support';
import { note, promtoolAgrees } from './unit-test-file';

const options = needs('promtool');
const MINUTE = 60_000;

const CHECKOUT: SloOptions = {
  name: 'checkout',
  objective: 0.999,
  good: 'requests_total{code!~"5.."}',
  total: 'requests_total',
};

test('the pairs of windows are those of the SRE Workbook, and scale with the window of the objective', async (t) => {
  const burns = (slo: ReturnType<typeof defineSlo>) =>
    slo.groups[0].rules.flatMap((rule) => ('alert' in rule ? [`${rule.labels!.severity} ${rule.expr}`] : []));
  const pair = (long: string, short: string, limit: string) =>
    `slo:sli_error:ratio_rate${long}{slo="checkout"} > (${limit}) and slo:sli_error:ratio_rate${short}{slo="checkout"} > (${limit})`;
  t.same(burns(defineSlo(CHECKOUT)), [
    `page ${pair('1h', '5m', '14.4 * 0.001')}`,
    `page ${pair('6h', '30m', '6 * 0.001')}`,
    `ticket ${pair('1d', '2h', '3 * 0.001')}`,
    `ticket ${pair('3d', '6h', '1 * 0.001')}`,
  ]);
  const [first] = burns(defineSlo({ ...CHECKOUT, window: '7d', objective: 0.95, severities: { page: 'critical' } }));
  t.equal(first, `critical ${pair('1h', '5m', '3.36 * 0.05')}`);
});

function checkedByPromtool(t: Test, yaml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringmeter-slo-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'slo.yml'), yaml);
  return String(execFileSync(program('promtool'), ['check', 'rules', join(folder, 'slo.yml')]));
}

test('promtool accepts the written rule file, and it reads back as the same rules', options, async (t) => {
  const hostile = defineSlo({
    name: 'a "quoted" \\ name',
    objective: 0.9,
    window: '28d',
    interval: '30s',
    good: 'sum by (zone) (rate(x_total{ok="yes"}[$window]))',
    total: 'sum by (zone) (rate(x_total[$window]))',
    labels: { team: 'pay: "ments"' },
    annotations: { runbook: 'https://example.org/#{{ $labels.zone }}' },
  });
  for (const slo of [defineSlo(CHECKOUT), hostile]) {
    const yaml = slo.toYaml();
    t.match(checkedByPromtool(t, yaml), /SUCCESS: 18 rules found/);
    const [group] = parse(yaml).groups;
    t.same(
      group.rules.map(({ expr }: { expr: string }) => expr),
      slo.groups[0].rules.map(({ expr }) => expr),
    );
  }
});

test('a real Prometheus fires the alerts of an objective at the same steps', options, async (t) => {
  const steps = 150;
  const slo = defineSlo({ ...CHECKOUT, annotations: { description: '{{ $value | humanizePercentage }}' } });
  const series = new GivenSeries();
  const values: string[] = [];
  const count = (code: string, perMinute: (minute: number) => number): void => {
    let total = 0;
    const all = Array.from({ length: steps }, (_, minute) => {
      total += perMinute(minute);
      return minute === 0 ? undefined : total;
    });
    series.add({ __name__: 'requests_total', code }, 0, MINUTE, all);
    values.push(all.map((value) => value ?? '_').join(' '));
  };
  const isDown = (minute: number): boolean => minute >= 40 && minute < 55;
  count('200', (minute) => (isDown(minute) ? 800 : 1_000));
  count('500', (minute) => (isDown(minute) ? 200 : 0));
  const evaluator = Evaluator.of(slo.groups[0], series);
  const shown = ['5m', '30m', '1h', '2h', '30d'].map((window) => `round(1e6 * slo:sli_error:ratio_rate${window})`);
  const expressions = [...shown, 'round(1e6 * slo:error_budget_remaining:ratio)', 'ALERTS{severity="page"}'];
  const moments = [];
  for (let minute = 1; minute < steps; minute++) {
    await evaluator.step(minute * MINUTE);
    moments.push(await note(evaluator, minute * MINUTE, expressions));
  }
  const firing = moments.filter(({ samples }) => samples[6].exp_samples.length > 0).map(({ time }) => time / MINUTE);
  t.ok(firing.length > 10 && firing[0] >= 41 && firing[0] < 50, `fires from minute ${firing[0]} on`);
  t.ok(firing.length < 100, 'and ends');
  const given = { series, values };
  const { code, output } = await promtoolAgrees(t, slo.toYaml(), given, '1m', ['SloErrorBudgetBurn'], moments);
  t.equal(code, 0, output.slice(0, 4_000));
});

test('an error rate that the budget allows fires no alert, however short the window is', async (t) => {
  for (const window of ['1h', '1d', '7d', '28d']) {
    const [{ rules }] = defineSlo({ ...CHECKOUT, objective: 0.9, window }).groups;
    const limits = rules.flatMap((rule) => ('alert' in rule ? /> \(([\d.]+) \* 0.1\) and /.exec(rule.expr)![1] : []));
    t.equal(limits.length, 4);
    t.ok(
      limits.every((limit) => Number(limit) >= 1),
      `${window}: ${limits}`,
    );
  }
  const [{ rules }] = defineSlo({ ...CHECKOUT, window: '28d' }).groups;
  t.match(rules.at(-1), { annotations: { description: /At this rate 10.7% of the budget for 4w goes in 3d/ } });
});

test('a summary shows the error ratio and the remaining budget of an objective', async (t) => {
  const slo = defineSlo({ ...CHECKOUT, interval: 100 });
  const collector = new MetricsCollector({ flushInterval: 50, storage: new MemoryStorage(), rules: slo.groups });
  t.teardown(() => collector.close());
  t.match(await slo.summary(collector), /^checkout: 99.9% over 30d\n {2}errors over 30d: not measured of 0.1%/);
  const requests = collector.counter('requests_total');
  const traffic = setInterval(() => {
    requests.increment(9, { code: 200 });
    requests.increment(1, { code: 500 });
  }, 10);
  t.teardown(() => clearInterval(traffic));
  let text = '';
  // one rule after the other is evaluated
  await until('all of it is measured', async () => {
    text = await slo.summary(collector);
    return /left: -.*BURNING/s.test(text) && !text.includes('not measured');
  });
  t.match(text, /\n {2}error budget left: -[\d.e+]+%, burning [\d.]+k? times as fast as it may/);
  t.match(text, /\n {2}page: errors over 1h and 5m [\d.]+% and [\d.]+%, limit 1.44% - BURNING/);
  t.match(text, /\n {2}ticket: errors over 3d and 6h/);
  await until('it is told', () => collector.alerts().some(({ name }) => name === 'SloErrorBudgetBurn'));
});

test('wrong objectives are refused', async (t) => {
  for (const [given, code, message] of [
    [{ name: '' }, 'OPTION', /slo.name/],
    [{ objective: 99.9 }, 'OPTION', /between 0 and 1, both excluded, got 99.9/],
    [{ window: 'a month' }, 'OPTION', /slo.window/],
    [{ interval: 0 }, 'OPTION', /slo.interval/],
    [
      { good: 'rate(x[5m])' },
      'OPTION',
      /slo.good must be the selector of a counter, or an expression that contains \$window/,
    ],
    [{ total: 'sum(' }, 'RULE', /slo.total: /],
    [{ total: 'sum(rate(x[$window])' }, 'RULE', /expr: /],
    [{ labels: { 'a-b': 'c' } }, 'RULE', /must not have the name "a-b"/],
    [{ annotations: { a: '{{' } }, 'RULE', /not closed/],
    [{ target: 1 }, 'OPTION', /no other options/],
  ] as const)
    t.throws(() => defineSlo({ ...CHECKOUT, ...(given as object) }), { code: `RINGMETER_INVALID_${code}`, message });
});
