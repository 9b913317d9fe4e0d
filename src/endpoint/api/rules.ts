import { formatExponent } from '../../common/format-float';
import { stringifier } from '../../common/stringifier';
import type { Handler } from './api';
import { arrayOf, arrayOfPieces } from './envelope';
import { badParameter } from './failure';
import type { ActiveAlert, AlertingRule, RecordingRule, RuleGroup, RulesView } from './rules-view';

const string = { type: 'string' } as const;
const number = { type: 'number' } as const;
const texts = { type: 'object', additionalProperties: string } as const;
const alert = {
  type: 'object',
  properties: { labels: texts, annotations: texts, state: string, activeAt: string, value: string },
} as const;
const alertText = stringifier(alert);
/** A rule without its alerts. */
const ruleText = stringifier({
  type: 'object',
  properties: {
    state: string,
    name: string,
    query: string,
    duration: number,
    keepFiringFor: number,
    labels: texts,
    annotations: texts,
    health: string,
    lastError: string,
    evaluationTime: number,
    lastEvaluation: string,
    type: string,
  },
} as const);
/** A group without its rules. */
const groupText = stringifier({
  type: 'object',
  properties: {
    name: string,
    file: string,
    interval: number,
    limit: number,
    evaluationTime: number,
    lastEvaluation: string,
  },
} as const);

/** The time of an evaluation that has never happened. */
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
    const wantsRule = ({ name, type: is }: AlertingRule | RecordingRule): boolean =>
      wanted(rules, name) && (type === '' || is.startsWith(type));
    const isUnfiltered = rules.length === 0 && type === '';
    function* shown(): Generator<RuleGroup> {
      for (const group of view.rules()) {
        if (!wanted(groups, group.name) || !wanted(files, group.file)) continue;
        const some = group.rules.filter(wantsRule);
        if (some.length > 0 || isUnfiltered) yield { ...group, rules: some };
      }
    }
    return { data: wrapped('groups', arrayOfPieces(shown(), groupPieces)) };
  };
}

function* wrapped(name: string, pieces: Iterable<string>): Generator<string> {
  yield `{"${name}":`;
  yield* pieces;
  yield '}';
}

function* groupPieces({ rules, ...group }: RuleGroup): Generator<string> {
  const { interval, evaluationTime, lastEvaluation } = group;
  const shown = {
    ...group,
    interval: interval / 1000,
    evaluationTime: evaluationTime / 1000,
    lastEvaluation: moment(lastEvaluation),
  };
  yield `${unclosed(groupText(shown))},"rules":`;
  yield* arrayOfPieces(rules, rulePieces);
  yield '}';
}

function* rulePieces(rule: AlertingRule | RecordingRule): Generator<string> {
  const { evaluationTime, lastEvaluation } = rule;
  const common = { ...rule, evaluationTime: evaluationTime / 1000, lastEvaluation: moment(lastEvaluation) };
  if (rule.type === 'recording') {
    yield ruleText(common);
    return;
  }
  const { duration, keepFiringFor, alerts } = rule;
  yield `${unclosed(ruleText({ ...common, duration: duration / 1000, keepFiringFor: keepFiringFor / 1000 }))},"alerts":`;
  yield* arrayOf(alerts, (one) => alertText(shownAlert(one)));
  yield '}';
}

/** The JSON text of a non-empty object without its closing brace, so that members can be appended. */
function unclosed(text: string): string {
  return text.slice(0, -1);
}

function shownAlert({ activeAt, value, ...alert }: ActiveAlert): object {
  return { ...alert, activeAt: moment(activeAt), value: formatExponent(value) };
}

function moment(time: number | undefined): string {
  return time === undefined ? NEVER : new Date(time).toISOString();
}
