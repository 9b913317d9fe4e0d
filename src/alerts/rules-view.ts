import type { ActiveAlert, RuleGroup, RulesView } from '../endpoint/api/rules-view';
import type { Alert } from './alert-state';
import type { GroupState, RuleState } from './documents';
import type { ResolvedGroup, ResolvedRule } from './rules';
import type { SharedDocument } from './shared-document';

/** The rules and their alerts for the HTTP API, on any thread, as of the last evaluations. */
export function rulesView(
  groups: readonly ResolvedGroup[],
  states: readonly SharedDocument<GroupState>[],
  wallAhead: () => number,
): RulesView {
  function* rules(): Generator<RuleGroup> {
    const ahead = wallAhead();
    for (const [number, group] of groups.entries()) yield showGroup(group, states[number].read(), ahead);
  }
  function* alerts(): Generator<ActiveAlert> {
    for (const group of rules()) for (const rule of group.rules) if (rule.type === 'alerting') yield* rule.alerts;
  }
  return { rules, alerts };
}

/** @param ahead milliseconds that the wall clock is ahead of the rules' */
function showGroup(group: ResolvedGroup, state: GroupState | undefined, ahead: number): RuleGroup {
  const { name, file, interval, limit } = group;
  const rules = group.rules.map((rule, index) => showRule(rule, state?.rules[index], ahead));
  const evaluationTime = rules.reduce((sum, rule) => sum + rule.evaluationTime, 0);
  return { name, file, interval, limit, evaluationTime, lastEvaluation: state && state.time + ahead, rules };
}

function showRule(rule: ResolvedRule, state: RuleState | undefined, ahead: number): RuleGroup['rules'][number] {
  const { name, expression: query, labels, annotations } = rule;
  const every = {
    name,
    query,
    labels,
    health: state?.health ?? 'unknown',
    lastError: state?.lastError || undefined,
    evaluationTime: (state?.evaluationTime ?? 0) * 1000,
    lastEvaluation: state && state.lastEvaluation + ahead,
  } as const;
  if (rule.kind === 'record') return { ...every, type: 'recording' };
  const alerts = (state?.alerts ?? []).flatMap((alert) => showAlert(alert, ahead));
  const firing = alerts.some((alert) => alert.state === 'firing');
  return {
    ...every,
    type: 'alerting',
    state: firing ? 'firing' : alerts.length > 0 ? 'pending' : 'inactive',
    duration: rule.holdFor,
    keepFiringFor: rule.keepFiringFor,
    annotations,
    alerts,
  };
}

function showAlert({ labels, annotations, state, activeAt, value }: Alert, ahead: number): ActiveAlert[] {
  return state === 'resolved' ? [] : [{ labels, annotations, state, activeAt: activeAt + ahead, value: Number(value) }];
}
