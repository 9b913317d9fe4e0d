import { messageOf } from '../common/errors';
import { keyOf } from '../query/labels';
import type { LabelSet, QueryEngine } from '../query/types';
import { type Alerts, alertSamples, type FoundAlert, step } from './alert-state';
import type { ResolvedRule } from './rules';
import type { RuleSample } from './sample-log';
import { Template, type TemplateQuery } from './template/template';

/** A rule with its templates parsed, in the thread that evaluates it. */
export interface PreparedRule extends ResolvedRule {
  readonly templates: { readonly [what in 'labels' | 'annotations']: readonly (readonly [string, Template])[] };
}

export function prepareRule(rule: ResolvedRule): PreparedRule {
  const parse = (texts: Readonly<Record<string, string>>) =>
    Object.entries(texts).map(([name, text]) => [name, new Template(text)] as const);
  // labels of recording rules are not templates
  const templates = rule.kind === 'alert' ? { labels: parse(rule.labels), annotations: parse(rule.annotations) } : NONE;
  return { ...rule, templates };
}

const NONE = { labels: [], annotations: [] };

/** The context of an evaluation. */
export interface EvaluationContext {
  readonly engine: Pick<QueryEngine, 'instant'>;
  readonly externalLabels: LabelSet;
  /** Time at which expressions are evaluated, on the history's clock: milliseconds since 1970. */
  readonly time: number;
  /** Time of the step, on the rules' clock. Default: `time`. */
  readonly now?: number;
  readonly signal?: AbortSignal;
}

/** The samples of a recording rule. @throws Error and RingmeterError, which say why it has failed */
export async function evaluateRecording(
  rule: PreparedRule,
  limit: number,
  context: EvaluationContext,
): Promise<RuleSample[]> {
  const samples = (await vector(rule.expression, context)).map(({ labels, value }) => ({
    labels: withoutEmpty({ ...labels, ...rule.labels, __name__: rule.name }),
    value,
  }));
  if (new Set(samples.map(({ labels }) => keyOf(labels))).size < samples.length)
    throw new Error('vector contains metrics with the same labelset after applying rule labels');
  if (limit > 0 && samples.length > limit) throw new Error(`exceeded limit of ${limit} with ${samples.length} series`);
  return samples;
}

/**
 * One step of an alerting rule.
 *
 * @param alerts the alerts after the last step; modified in place, unless the expression cannot be evaluated
 * @returns the samples of `ALERTS` and `ALERTS_FOR_STATE`
 * @throws as `evaluateRecording` does
 */
export async function evaluateAlerting(
  rule: PreparedRule,
  alerts: Alerts,
  limit: number,
  context: EvaluationContext,
  changed: Parameters<typeof step>[4],
): Promise<RuleSample[]> {
  const found = await findAlerts(rule, context);
  step(rule, alerts, found, context.now ?? context.time, changed);
  const active = [...alerts.values()].filter(({ state }) => state !== 'resolved').length;
  if (limit > 0 && active > limit) {
    alerts.clear();
    throw new Error(`exceeded limit of ${limit} with ${active} alerts`);
  }
  return alertSamples(alerts);
}

async function findAlerts(rule: PreparedRule, context: EvaluationContext): Promise<Map<string, FoundAlert>> {
  const { externalLabels } = context;
  const query: TemplateQuery = async (expression) =>
    (await vector(expression, context)).map(({ labels, value }) => ({ Labels: labels, Value: value }));
  const found = new Map<string, FoundAlert>();
  for (const { labels, value } of await vector(rule.expression, context)) {
    const expand = async (templates: readonly (readonly [string, Template])[]) =>
      Object.fromEntries(
        await Promise.all(
          templates.map(async ([name, template]) => [
            name,
            await expanded(template.expand({ labels, externalLabels, value }, query)),
          ]),
        ),
      ) as Record<string, string>;
    const { __name__: _, ...own } = labels;
    const all = withoutEmpty({ ...own, ...(await expand(rule.templates.labels)), alertname: rule.name });
    if (found.has(keyOf(all)))
      throw new Error('vector contains metrics with the same labelset after applying alert labels');
    const annotations = await expand(rule.templates.annotations);
    found.set(keyOf(all), { labels: all, annotations, value: String(value) });
  }
  return found;
}

/** The failure of a template must not suppress the alert. */
async function expanded(text: Promise<string>): Promise<string> {
  return text.catch((error: unknown) => `<error expanding template: ${messageOf(error)}>`);
}

/** Evaluates an expression, and converts the result to the vector that rules need. */
async function vector(
  expression: string,
  { engine, time, signal }: EvaluationContext,
): Promise<readonly { labels: LabelSet; value: number }[]> {
  const result = await engine.instant(expression, time, signal);
  if (result.type === 'vector') return result.samples;
  if (result.type === 'scalar') return [{ labels: {}, value: result.value }];
  throw new Error('rule result is not a vector or scalar');
}

/** Removes labels with empty values, which equal missing labels. */
function withoutEmpty(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}
