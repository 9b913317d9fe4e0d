import { formatDuration } from '../../common/duration';
import type { QueryResult } from '../../query/types';
import { humanize, humanizeDuration, humanizePercentage } from '../template/humanize';
import { BURN_RATES, burnFactor, tidy } from './burn-rates';
import type { ResolvedSlo } from './slo-options';
import { ofSlo, SLO_SERIES } from './slo-rules';

/** The part of a collector that a summary needs. */
export interface Queryable {
  query(expression: string): Promise<QueryResult>;
}

/** The status of an objective, line by line, including what has not been measured yet. */
export async function summarize(slo: ResolvedSlo, collector: Queryable): Promise<string> {
  const { name, objective, window } = slo;
  const read = async (series: string): Promise<number | undefined> => {
    const result = await collector.query(ofSlo(series, name));
    return result.type === 'vector' ? result.samples[0]?.value : undefined;
  };
  const remaining = await read(SLO_SERIES.remaining);
  const burnRate = await read(SLO_SERIES.burnRate);
  const rates = await Promise.all(
    BURN_RATES.map(async (rate) => {
      const limit = burnFactor(rate, window) * tidy(1 - objective);
      const [long, short] = await Promise.all([rate.long, rate.short].map((one) => read(SLO_SERIES.errorRatio(one))));
      const burns = long !== undefined && short !== undefined && long > limit && short > limit;
      const windows = `${formatDuration(rate.long)} and ${formatDuration(rate.short)}`;
      return `  ${slo.severities[rate.urgency]}: errors over ${windows} ${percent(long)} and ${percent(short)}, limit ${humanizePercentage(limit)}${burns ? ' - BURNING' : ''}`;
    }),
  );
  return [
    `${name}: ${humanizePercentage(objective)} over ${formatDuration(window)}`,
    `  errors over ${formatDuration(window)}: ${percent(await read(SLO_SERIES.errorRatio(window)))} of ${humanizePercentage(tidy(1 - objective))}`,
    `  error budget left: ${percent(remaining)}${burnRate === undefined ? '' : `, burning ${humanize(burnRate)} times as fast as it may`}${lasts(slo, remaining, burnRate)}`,
    ...rates,
  ].join('\n');
}

function percent(value: number | undefined): string {
  return value === undefined ? 'not measured' : humanizePercentage(value);
}

/** How long the rest of the budget lasts at the present burn rate. */
function lasts({ window }: ResolvedSlo, remaining: number | undefined, burnRate: number | undefined): string {
  if (remaining === undefined || burnRate === undefined || remaining <= 0 || burnRate <= 0) return '';
  return `: gone in ${humanizeDuration((remaining * window) / burnRate / 1000)}`;
}
