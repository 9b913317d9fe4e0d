import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CollectorOptions, MetricsCollector, OtlpStorage, RingmeterError } from 'ringmeter';
import { type Test, test } from 'tap';
import { checkGroup } from '../../dist/src/alerts/check-rules.js';
import { loadRules } from '../../dist/src/alerts/load-rules.js';

function fileOf(t: Test, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringmeter-rules-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'rules.yml');
  writeFileSync(file, text);
  return file;
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof RingmeterError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

test('a group gets its defaults', async (t) => {
  const group = { name: 'g', rules: [{ alert: 'A', expr: 'up == 0', for: '1m30s', keepFiringFor: 5 }] };
  t.same(checkGroup(group, '', 15_000), {
    file: '',
    name: 'g',
    interval: 15_000,
    limit: 0,
    rules: [
      {
        kind: 'alert',
        name: 'A',
        expression: 'up == 0',
        holdFor: 90_000,
        keepFiringFor: 5,
        labels: {},
        annotations: {},
      },
    ],
  });
});

test("rules are read from files in Prometheus' format", async (t) => {
  const file = fileOf(
    t,
    `groups:
  - name: g
    interval: 30s
    limit: 7
    rules:
      - record: a:b
        expr: sum(up)
        labels: { level: 1, on: true }
      - alert: Down
        expr: |
          up == 0
        for: 5m
        keep_firing_for: 1h
        annotations:
          summary: '{{ $labels.instance }} is down'
  - name: empty
    rules: []
`,
  );
  const [group, empty] = loadRules([{ file }], 1_000);
  t.match(group, { file, interval: 30_000, limit: 7 });
  t.match(group.rules[0], { kind: 'record', name: 'a:b', labels: { level: '1', on: 'true' } });
  t.match(group.rules[1], { kind: 'alert', holdFor: 300_000, keepFiringFor: 3_600_000 });
  t.match(empty, { name: 'empty', interval: 1_000, rules: [] });
});

test('rule files with the usual variants of YAML are read as Prometheus reads them', async (t) => {
  const file = fileOf(
    t,
    `groups:
  - name: empty
    rules:
  - name: nothing
  - name: g
    rules:
      - &down
        alert: Down
        expr: up == 0
        for: 0
        labels:
        annotations: ~
      - <<: *down
        alert: Gone
        for: 1h30m
`,
  );
  const [empty, nothing, { rules }] = loadRules([{ file }], 1_000);
  t.same([empty.rules, nothing.rules], [[], []]);
  t.match(rules[0], { name: 'Down', holdFor: 0, labels: {}, annotations: {} });
  t.match(rules[1], { name: 'Gone', expression: 'up == 0', holdFor: 5_400_000 });
  for (const duration of ['30m1h', '1m1m', '1ms1s', 'm', ' 1m'])
    t.match(
      refusal(() => checkGroup({ name: 'g', rules: [{ alert: 'A', expr: 'up', for: duration }] }, '', 1_000)),
      /for must be a duration/,
    );
});

test('wrong rules are refused with the file, group and rule that they are in', async (t) => {
  const rule = { alert: 'A', expr: 'up' };
  for (const [given, message] of [
    [{ name: '', rules: [] }, /^rules: a group's name must be a string that is not empty, got ""$/],
    [{ name: 'g' }, /^rules, group "g": rules must be an array, got undefined$/],
    [{ name: 'g', rule: [] }, /unknown key "rule"/],
    [{ name: 'g', rules: [], interval: 'soon' }, /interval must be a duration/],
    [{ name: 'g', rules: [], limit: -1 }, /limit must be an integer of at least 0/],
    [{ name: 'g', rules: [3] }, /^rules, group "g", rule 1: a rule must be an object, got 3$/],
    [{ name: 'g', rules: [{ expr: 'up' }] }, /either alert or record/],
    [{ name: 'g', rules: [{ ...rule, record: 'x' }] }, /either alert or record/],
    [
      { name: 'g', rules: [rule, { alert: 'B', expr: 'sum(up' }] },
      /^rules, group "g", rule 2 \(B\): expr: .*character \d+ of "sum\(up"/,
    ],
    [{ name: 'g', rules: [{ alert: 'B', expr: '' }] }, /expr must be PromQL/],
    [{ name: 'g', rules: [{ alert: 'B', expr: 'rate(up)' }] }, /expr: /],
    [{ name: 'g', rules: [{ ...rule, for: '5' }] }, /for must be a duration/],
    [{ name: 'g', rules: [{ ...rule, labels: { __name__: 'x' } }] }, /labels must not have the name "__name__"/],
    [{ name: 'g', rules: [{ ...rule, labels: { 'a-b': 'x' } }] }, /labels must not have the name "a-b"/],
    [{ name: 'g', rules: [{ ...rule, annotations: { a: 1 } }] }, /annotations.a must be a string, got 1/],
    [
      { name: 'g', rules: [{ ...rule, annotations: { a: '{{ nothing }}' } }] },
      /the template of a: the function nothing is not supported/,
    ],
    [{ name: 'g', rules: [{ record: 'a-b', expr: 'up' }] }, /record must be a metric name/],
    [{ name: 'g', rules: [{ record: 'ab', expr: 'up', for: '5m' }] }, /unknown key "for"/],
  ] as const) {
    const said = refusal(() => checkGroup(given, '', 1_000));
    t.match(said, /^RINGMETER_INVALID_RULE /);
    t.match(said.replace('RINGMETER_INVALID_RULE ', ''), message);
  }
  const twice = { name: 'g', rules: [] };
  t.match(
    refusal(() => loadRules([twice, twice], 1_000)),
    /two groups have the name "g"/,
  );
});

test('a rule file that cannot be used is named in the error', async (t) => {
  for (const [text, message] of [
    ['groups: [', /rules\.yml: .*line 1/],
    ['group: []', /must have the top-level key groups and no other, got group/],
    ['groups: 3', /groups must be an array/],
    ['groups: [{ name: g, rules: [{ record: a, expr: "1 +" }] }]', /rules\.yml, group "g", rule 1 \(a\): expr/],
  ] as const) {
    const file = fileOf(t, text);
    t.match(
      refusal(() => loadRules([{ file }], 1_000)),
      message,
    );
  }
  t.match(
    refusal(() => loadRules([{ file: '/nowhere.yml' }], 1_000)),
    /INVALID_RULE \/nowhere\.yml: ENOENT/,
  );
  t.same(loadRules([{ file: fileOf(t, 'groups:\n') }], 1_000), []);
});

test('a collector refuses rules that it cannot evaluate', async (t) => {
  const make = (options: unknown) => refusal(() => new MetricsCollector(options as CollectorOptions));
  t.match(make({ rules: {} }), /INVALID_OPTION rules must be an array/);
  t.match(make({ rules: [{ file: 3 }] }), /INVALID_OPTION a rule file must be given as/);
  t.match(make({ notifiers: [{}] }), /INVALID_OPTION notifiers must be an array of notifiers/);
  t.match(make({ rules: [], storage: new OtlpStorage({ url: 'http://127.0.0.1:1' }) }), /need a MemoryStorage/);
  const collector = new MetricsCollector({ flushWorkers: 0 });
  t.teardown(() => collector.close());
  for (const ask of [() => collector.alerts(), () => collector.onAlert(() => {}), () => collector.unsilence('x')])
    t.match(refusal(ask), /INVALID_OPTION this collector has no rules/);
});
