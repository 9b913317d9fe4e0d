import { finiteOrNull } from '../common/format-float';
import type { StorageStats } from '../delivery/stats';
import type { ActiveAlert, RulesView } from '../endpoint/api/rules-view';
import { presenceIn, type Snapshot } from '../snapshot/snapshot';
import type { DashboardDocument, ShownAlert, StorageHealth } from './document';

/** Metrics in the list of the metrics with the most series. */
const TOP = 12;
/** Alerts that are shown: the firing ones first. */
const MOST_ALERTS = 50;

export function shownAlerts(rules: RulesView): DashboardDocument['alerts'] {
  const shown: Record<ActiveAlert['state'], ShownAlert[]> = { firing: [], pending: [] };
  const counts = { firing: 0, pending: 0 };
  for (const alert of rules.alerts()) {
    const { state } = alert;
    if (counts[state]++ < MOST_ALERTS) shown[state].push(shownAlert(alert));
  }
  return { ...counts, active: [...shown.firing, ...shown.pending].slice(0, MOST_ALERTS) };
}

function shownAlert({ labels, annotations, state, activeAt, value }: ActiveAlert): ShownAlert {
  const { alertname, ...others } = labels;
  return {
    name: alertname ?? '',
    state,
    labels: others,
    annotations: { ...annotations },
    value: finiteOrNull(value),
    activeAt,
  };
}

/** A storage, and whether its last attempt failed. */
export interface Health {
  stats: StorageStats;
  failing: boolean;
}

export function healthOf({ stats, failing }: Health): StorageHealth {
  const { lastSuccess, lastError, stored } = stats;
  const state = failing ? 'failing' : stored > 0 ? 'ok' : 'idle';
  return { ...stats, state, lastSuccess: lastSuccess || null, lastError: lastError ?? null };
}

/**
 * The metrics with the most series. The rest of `collector.cardinality()` is too slow to compute every second.
 *
 * @param usualLimit the cardinality limit of metrics that do not have their own
 */
export function largestMetrics(snapshot: Snapshot, usualLimit: number): DashboardDocument['cardinality'] {
  const all = snapshot.families.map((family) => {
    const { name, type, cardinalityLimit: limit = usualLimit } = family.definition;
    const isThere = presenceIn(snapshot, family);
    let series = 0;
    for (let index = 0; index < family.series.count; index++) if (isThere(index)) series++;
    return { name, type, series, limit };
  });
  const top = [...all]
    .sort((one, other) => other.series - one.series || (one.name < other.name ? -1 : 1))
    .slice(0, TOP);
  return { series: all.reduce((sum, { series }) => sum + series, 0), top };
}
