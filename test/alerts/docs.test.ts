import { AlertmanagerNotifier, defineSlo, WebhookNotifier } from 'ringmeter';
import { test } from 'tap';
import { FUNCTIONS } from '../../dist/src/alerts/template/functions.js';
import { members, section, table, text } from '../helpers/document';

// a heading is found by the line before it
const alerts = `\n${text('docs/alerts.md')}`;
const slo = `\n${text('docs/slo.md')}`;

test('docs/alerts.md lists exactly the options of rules, groups and notifiers', async (t) => {
  const rules = section(alerts, '## Rules');
  const [groups, alerting] = rules.split(/\n\| of an alerting rule/);
  const names = (part: string): string[] => [...part.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
  t.same(names(groups), members('src/alerts/rules.ts', 'RuleGroup'));
  t.same(
    names(alerting),
    members('src/alerts/rules.ts', 'AlertingRule').filter((name) => name !== 'keep_firing_for'),
  );
  const listed = table(alerts, '## Callbacks and notifiers').flatMap(([name]) => name.replaceAll('`', '').split(', '));
  const all = [
    ...members('src/alerts/notifier.ts', 'NotifierOptions'),
    ...members('src/net/http-options.ts', 'HttpOptions'),
    ...members('src/delivery/types.ts', 'DeliveryOptions').filter((name) => name !== 'interval'),
  ];
  t.same(listed, [...new Set(all.map((name) => name.replace(/\..*/, '')))]);
  const resend = (notifier: AlertmanagerNotifier) => notifier.description.resendInterval;
  t.equal(resend(new AlertmanagerNotifier({ url: 'http://x' })), 60_000);
  t.equal(resend(new WebhookNotifier({ url: 'http://x' })), 0);
});

test('docs/alerts.md lists exactly the functions of templates and the metrics there are', async (t) => {
  const words = new Set(
    section(alerts, '## Templates')
      .match(/`\w+`/g)
      ?.map((word) => word.slice(1, -1)),
  );
  for (const name of [...Object.keys(FUNCTIONS), 'query', 'and', 'or']) t.ok(words.has(name), name);
  const metrics = text('src/alerts/metrics.ts').match(/ringmeter_\w+/g);
  t.same(
    table(alerts, '## Metrics of rules and notifiers').map(([name]) => name),
    metrics,
  );
});

test('docs/slo.md lists exactly the options of an objective and its series', async (t) => {
  t.same(
    table(slo, '# Service level objectives').map(([name]) => name),
    [...new Set(members('src/alerts/slo/slo-options.ts', 'SloOptions').map((name) => name.replace(/\..*/, '')))],
  );
  const { groups } = defineSlo({ name: 'x', objective: 0.9, good: 'a', total: 'b' });
  const series = groups[0].rules.flatMap((rule) =>
    'record' in rule ? [rule.record.replace(/rate\d+[smhd]$/, 'rate5m')] : [],
  );
  const listed = section(slo, '## The series')
    .match(/`slo:[\w:]+`/g)
    ?.map((name) => name.slice(1, -1));
  t.same(new Set(listed), new Set(series));
});
