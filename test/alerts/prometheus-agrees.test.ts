import type { RuleGroup } from 'ringmeter';
import { test } from 'tap';
import { rulesToYaml } from '../../dist/src/alerts/rules-yaml.js';
import { needs } from '../engines/engine';
import { Evaluator, GivenSeries, portOf } from './support';
import { note, promtoolAgrees } from './unit-test-file';

const options = needs('promtool');
const MINUTE = 60_000;
const STEPS = 45;

/** As promtool writes values: `_` = none. */
function valuesOf(values: readonly (number | undefined)[]): string {
  return values.map((value) => (value === undefined ? '_' : String(value))).join(' ');
}

/** Numbers that look random and are the same each time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function loads(seed: number): (number | undefined)[] {
  const next = generator(seed);
  let level = next() * 10;
  return Array.from({ length: STEPS }, () => {
    if (next() < 0.25) level = next() * 12;
    return next() < 0.1 ? undefined : Math.round(level * 8) / 8;
  });
}

test(
  'a real Prometheus gets the same results from the same rules on the same samples, step by step',
  options,
  async (t) => {
    const group: RuleGroup = {
      name: 'g',
      interval: '1m',
      rules: [
        { record: 'load:max', expr: 'max by (job) (last_over_time(load[3m]))', labels: { kind: 'max' } },
        {
          record: 'load:rate',
          expr: 'sum by (job) (max_over_time(done_total[5m]) - min_over_time(done_total[5m])) / 64',
        },
        { alert: 'Now', expr: 'load > 6' },
        {
          alert: 'Held',
          expr: 'load:max > 4',
          for: '3m',
          labels: { severity: '{{ if gt $value 8.0 }}page{{ else }}ticket{{ end }}' },
        },
        {
          alert: 'Kept',
          expr: 'load > 7',
          for: '1m',
          keepFiringFor: '4m',
          annotations: { at: '{{ $value | humanize }}' },
        },
        {
          alert: 'Said',
          expr: 'load:rate > 0',
          annotations: {
            all: '{{ range query "load:max" | sortByLabel "job" }}{{ .Labels.job }}={{ .Value }} {{ end }}',
            numbers:
              '{{ $value }} {{ humanize $value }} {{ humanize1024 $value }} {{ humanizePercentage $value }} {{ humanizeDuration $value }} {{ printf "%.3f %5.1f %g %e" $value $value $value $value }}',
            text: '{{ with query "load:max{job=\'a\'}" }}{{ . | first | value | printf "%v" }}{{ else }}none{{ end }} {{ title $labels.job }}{{ toUpper $labels.job }}',
            when: '{{ $value | humanizeTimestamp }}{{ $x := 0 }}{{ range query "load:max" | sortByLabel "job" }}{{ $x = .Value }}{{ end }} {{ $x }}',
          },
        },
        { record: 'alerts:active', expr: 'count by (alertname, alertstate) (ALERTS)' },
      ],
    };
    const series = new GivenSeries();
    const values: string[] = [];
    const add = (labels: Record<string, string>, [, ...rest]: readonly (number | undefined)[]): void => {
      // nothing in the step at 0, which our clocks never had
      const given = [undefined, ...rest];
      series.add(labels, 0, MINUTE, given);
      values.push(valuesOf(given));
    };
    for (const [at, job] of ['a', 'b', 'c'].entries())
      for (const instance of ['1', '2']) add({ __name__: 'load', job, instance }, loads(7 * at + Number(instance)));
    let total = 0;
    const next = generator(99);
    add(
      { __name__: 'done_total', job: 'a' },
      Array.from({ length: STEPS }, () => {
        total += Math.floor(next() * 200_000);
        return total;
      }),
    );
    const port = portOf(group);
    const evaluator = new Evaluator(port, 1, series);
    const expressions = ['load:max', 'load:rate', 'ALERTS', 'ALERTS_FOR_STATE', 'alerts:active'];
    const moments = [];
    for (let at = 1; at < STEPS; at++) {
      await evaluator.step(at * MINUTE);
      moments.push(await note(evaluator, at * MINUTE, expressions));
    }
    t.ok(moments.some(({ alerts }) => alerts.Kept && alerts.Held && alerts.Now && alerts.Said));
    t.ok(moments.some(({ samples }) => samples[2].exp_samples.some(({ labels }) => /Held.*pending/.test(labels))));
    const names = ['Now', 'Held', 'Kept', 'Said'];
    const rules = rulesToYaml(port.groups);
    const { code, output } = await promtoolAgrees(t, rules, { series, values }, '1m', names, moments);
    t.equal(code, 0, output.slice(0, 4_000));
  },
);
