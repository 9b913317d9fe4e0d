import { stringifier } from '../../json/stringifier';
import type { Handler } from './api';
import { arrayOf } from './envelope';
import { badParameter } from './failure';
import { exponentText } from './number-text';
import type { ActiveAlert, AlertingRule, RecordingRule, RuleGroup, RulesView } from './rules-view';

const string = { type: 'string' } as const;
const number = { type: 'number' } as const;
const texts = { type: 'object', additionalProperties: string } as const;
const alert = {
  type: 'object',
  properties: { labels: texts, annotations: texts, state: string, activeAt: string, value: string },
} as const;
const rule = {
  type: 'object',
  properties: {
    state: string,
    name: string,
    query: string,
    duration: number,
    keepFiringFor: number,
    labels: texts,
    annotations: texts,
    alerts: { type: 'array', items: alert },
    health: string,
    lastError: string,
    evaluationTime: number,
    lastEvaluation: string,
    type: string,
  },
} as const;

const alertText = stringifier(alert);
const groupText = stringifier({
  type: 'object',
  properties: {
    name: string,
    file: string,
    rules: { type: 'array', items: rule },
    interval: number,
    limit: number,
    evaluationTime: number,
    lastEvaluation: string,
  },
} as const);

/** What has never happened. */
const NEVER = '0001-01-01T00:00:00Z';

/** `/api/v1/alerts` */
export function answerAlerts(view: RulesView): Handler {
  return () => ({
    data: wrapped(
      'alerts',
      arrayOf(view.alerts(), (one) => alertText(shownAlert(one))),
    ),
  });
}

/** `/api/v1/rules`, with Prometheus' filters */
export function answerRules(view: RulesView): Handler {
  return ({ parameters }) => {
    const type = parameters.text('type');
    if (!['', 'alert', 'record'].includes(type))
      throw badParameter('type', `not supported value ${JSON.stringify(type)}`);
    const wanted = (names: readonly string[], name: string): boolean => names.length === 0 || names.includes(name);
    const [rules, groups, files] = ['rule_name[]', 'rule_group[]', 'file[]'].map((name) => parameters.all(name));
    const shown = view
      .rules()
      .filter(({ name, file }) => wanted(groups, name) && wanted(files, file))
      .map((group) => ({
        ...group,
        rules: group.rules.filter((rule) => wanted(rules, rule.name) && (type === '' || rule.type.startsWith(type))),
      }))
      .filter((group) => group.rules.length > 0 || (rules.length === 0 && type === ''));
    return {
      data: wrapped(
        'groups',
        arrayOf(shown, (group) => groupText(shownGroup(group))),
      ),
    };
  };
}

function* wrapped(name: string, pieces: Iterable<string>): Generator<string> {
  yield `{"${name}":`;
  yield* pieces;
  yield '}';
}

function shownGroup({ interval, evaluationTime, lastEvaluation, rules, ...group }: RuleGroup): object {
  return {
    ...group,
    rules: rules.map(shownRule),
    interval: interval / 1000,
    evaluationTime: evaluationTime / 1000,
    lastEvaluation: moment(lastEvaluation),
  };
}

function shownRule(rule: AlertingRule | RecordingRule): object {
  const { evaluationTime, lastEvaluation } = rule;
  const common = { ...rule, evaluationTime: evaluationTime / 1000, lastEvaluation: moment(lastEvaluation) };
  if (rule.type === 'recording') return common;
  const { duration, keepFiringFor, alerts } = rule;
  return {
    ...common,
    duration: duration / 1000,
    keepFiringFor: keepFiringFor / 1000,
    alerts: alerts.map(shownAlert),
  };
}

function shownAlert({ activeAt, value, ...alert }: ActiveAlert): object {
  return { ...alert, activeAt: moment(activeAt), value: exponentText(value) };
}

function moment(time: number | undefined): string {
  return time === undefined ? NEVER : new Date(time).toISOString();
}
