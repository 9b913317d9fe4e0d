import { formatDuration } from '../../common/duration';
import { quote } from '../../common/go-string';
import type { AlertingRule, RecordingRule, RuleGroup } from '../rules';
import { BURN_RATES, BURN_WINDOWS, type BurnRate, burnFactor, tidy } from './burn-rates';
import type { ResolvedSlo } from './slo-options';

/** Longer windows sum up recorded series, not the raw ones: a history in memory seldom covers days. */
const LONGEST_DIRECT_MS = 3_600_000;

const GOOD = 'slo:good_events:rate5m';
const TOTAL = 'slo:total_events:rate5m';

/** The names of the series that an objective records. */
export const SLO_SERIES = {
  errorRatio: (window: number): string => `slo:sli_error:ratio_rate${formatDuration(window)}`,
  objective: 'slo:objective:ratio',
  budget: 'slo:error_budget:ratio',
  remaining: 'slo:error_budget_remaining:ratio',
  burnRate: 'slo:burn_rate:ratio',
} as const;

/** Selects a series of an objective. */
export function ofSlo(series: string, name: string): string {
  return `${series}{slo=${quote(name)}}`;
}

/** One group, so that its alerts see the series recorded in the same evaluation. */
export function sloGroup(slo: ResolvedSlo): RuleGroup {
  const rules = [...records(slo), ...BURN_RATES.map((rate) => alert(slo, rate))];
  return { name: `slo-${slo.name}`, interval: slo.interval, rules };
}

function records(slo: ResolvedSlo): RecordingRule[] {
  const { name, objective, window } = slo;
  const [shortest] = BURN_WINDOWS;
  const labels = { ...slo.labels, slo: name };
  const record = (series: string, expr: string): RecordingRule => ({ record: series, expr, labels });
  const errors = [...new Set([...BURN_WINDOWS, window])].sort((a, b) => a - b);
  const budget = tidy(1 - objective);
  return [
    record(GOOD, over(slo.good, shortest)),
    record(TOTAL, over(slo.total, shortest)),
    ...errors.map((length) => record(SLO_SERIES.errorRatio(length), errorRatio(slo, length))),
    record(SLO_SERIES.objective, `vector(${objective})`),
    record(SLO_SERIES.budget, `vector(${budget})`),
    record(SLO_SERIES.burnRate, `${ofSlo(SLO_SERIES.errorRatio(shortest), name)} / ${budget}`),
    record(SLO_SERIES.remaining, `1 - ${ofSlo(SLO_SERIES.errorRatio(window), name)} / ${budget}`),
  ];
}

/** No ratio without events; if the series of good events does not exist, the ratio is 1. */
function errorRatio({ name, good, total }: ResolvedSlo, length: number): string {
  const isDirect = length <= LONGEST_DIRECT_MS;
  const recorded = (series: string): string => `sum_over_time(${ofSlo(series, name)}[${formatDuration(length)}])`;
  const [goods, all] = isDirect ? [over(good, length), over(total, length)] : [recorded(GOOD), recorded(TOTAL)];
  return `1 - ((${goods}) or (${all}) * 0) / ((${all}) > 0)`;
}

function over(expression: string, length: number): string {
  return expression.replaceAll('$window', formatDuration(length));
}

function alert(
  { name, objective, window, labels, severities, annotations }: ResolvedSlo,
  rate: BurnRate,
): AlertingRule {
  const limit = `(${burnFactor(rate, window)} * ${tidy(1 - objective)})`;
  const [long, short] = [rate.long, rate.short].map(
    (length) => `${ofSlo(SLO_SERIES.errorRatio(length), name)} > ${limit}`,
  );
  const share = Number((((burnFactor(rate, window) * rate.long) / window) * 100).toPrecision(3));
  return {
    alert: 'SloErrorBudgetBurn',
    expr: `${long} and ${short}`,
    labels: { ...labels, slo: name, severity: severities[rate.urgency], long_window: formatDuration(rate.long) },
    annotations: {
      summary: `${name} spends its error budget at ${burnFactor(rate, window)} times the rate that it can last for`,
      description: `Errors over ${formatDuration(rate.long)}: {{ $value | humanizePercentage }}. At this rate ${share}% of the budget for ${formatDuration(window)} goes in ${formatDuration(rate.long)}.`,
      ...annotations,
    },
  };
}
