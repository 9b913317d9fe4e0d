import { test } from 'tap';
import type { ApiAnswer, ApiCall } from '../../../dist/src/endpoint/api/api.js';
import { Parameters } from '../../../dist/src/endpoint/api/parameters.js';
import { answerAlerts, answerRules } from '../../../dist/src/endpoint/api/rules.js';
import type { AlertingRule, RecordingRule, RuleGroup, RulesView } from '../../../dist/src/endpoint/api/rules-view.js';

const EVALUATED = Date.UTC(2026, 0, 2, 3, 4, 5);
const alert = {
  labels: { alertname: 'Slow', severity: 'page' },
  annotations: { summary: 'It is slow' },
  state: 'firing',
  activeAt: EVALUATED - 1_500,
  value: 12.5,
} as const;
const slowRule: AlertingRule = {
  type: 'alerting',
  name: 'Slow',
  query: 'x > 1',
  labels: { severity: 'page' },
  health: 'ok',
  evaluationTime: 1.5,
  lastEvaluation: EVALUATED,
  state: 'firing',
  duration: 60_000,
  keepFiringFor: 0,
  annotations: { summary: 'It is {{ $value }}' },
  alerts: [alert],
};
const recordingRule: RecordingRule = {
  type: 'recording',
  name: 'job:x:rate5m',
  query: 'rate(x[5m])',
  labels: {},
  health: 'unknown',
  evaluationTime: 0,
};
const view: RulesView = {
  rules: () => [
    {
      name: 'latency',
      file: 'code',
      interval: 15_000,
      limit: 7,
      evaluationTime: 2.5,
      lastEvaluation: EVALUATED,
      rules: [slowRule, recordingRule],
    },
  ],
  alerts: () => [alert],
};

const shownAlert = { ...alert, activeAt: '2026-01-02T03:04:03.500Z', value: '1.25e+01' };
const slow = {
  state: 'firing',
  name: 'Slow',
  query: 'x > 1',
  duration: 60,
  keepFiringFor: 0,
  labels: { severity: 'page' },
  annotations: { summary: 'It is {{ $value }}' },
  alerts: [shownAlert],
  health: 'ok',
  evaluationTime: 0.0015,
  lastEvaluation: '2026-01-02T03:04:05.000Z',
  type: 'alerting',
};
const recorded = {
  name: 'job:x:rate5m',
  query: 'rate(x[5m])',
  labels: {},
  health: 'unknown',
  evaluationTime: 0,
  lastEvaluation: '0001-01-01T00:00:00Z',
  type: 'recording',
};

const call = (query: string): ApiCall => ({
  parameters: new Parameters(new URLSearchParams(query)),
  parts: {},
  signal: new AbortController().signal,
});

async function rulesOf(query: string): Promise<{ name: string; rules: unknown[] }[]> {
  const { data } = await answerRules(view)(call(query));
  return JSON.parse([...data].join('')).groups;
}

test('rules are shown as Prometheus shows them', async (t) => {
  const [group, ...others] = await rulesOf('');
  t.same(others, []);
  t.same(group, {
    name: 'latency',
    file: 'code',
    rules: [slow, recorded],
    interval: 15,
    limit: 7,
    evaluationTime: 0.0025,
    lastEvaluation: '2026-01-02T03:04:05.000Z',
  });
});

test('rules can be asked for by type, name, group and file', async (t) => {
  const names = async (query: string) => (await rulesOf(query)).map(({ rules }) => rules);
  t.same(await names('type=alert'), [[slow]]);
  t.same(await names('type=record'), [[recorded]]);
  t.same(await names('rule_name[]=Slow&rule_name[]=x'), [[slow]]);
  t.same(await names('rule_name[]=x'), []);
  t.same(await names('rule_group[]=latency&file[]=code&type=record'), [[recorded]]);
  t.same(await names('rule_group[]=other'), []);
  t.same(await names('file[]=other'), []);
  await t.rejects(async () => rulesOf('type=x'), { message: /not supported value/ });
});

test('the state of a group is read when its turn comes, and thousands of alerts are written in several pieces', (t) => {
  let read = 0;
  function* groups(): Generator<RuleGroup> {
    for (const [group] = view.rules(); read < 3; read++)
      yield { ...group, rules: [{ ...slowRule, alerts: Array(2_000).fill(alert) }] };
  }
  const { data } = answerRules({ ...view, rules: groups })(call('')) as ApiAnswer;
  let text = '';
  let longest = 0;
  for (const piece of data) {
    text += piece;
    longest = Math.max(longest, piece.length);
    if (text.length < 1_000) t.equal(read, 0);
  }
  t.ok(longest < 1_000, `${longest} characters in one piece`);
  t.equal(JSON.parse(text).groups.length, 3);
  t.same(JSON.parse(text).groups[2].rules, [{ ...slow, alerts: Array(2_000).fill(shownAlert) }]);
  t.end();
});

test('alerts are shown as Prometheus shows them', async (t) => {
  const { data } = await answerAlerts(view)(call(''));
  t.same(JSON.parse([...data].join('')), { alerts: [shownAlert] });
});
