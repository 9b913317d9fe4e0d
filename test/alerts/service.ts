import { type AlertChange, type CollectorOptions, MetricsCollector, type RuleGroup } from 'ringmeter';
import type { Test } from 'tap';
import type { Received } from '../storages/receiver';

/** A rule that follows the gauge `load`, evaluated often. */
export const HIGH: RuleGroup = {
  name: 'loads',
  interval: 100,
  rules: [
    {
      alert: 'High',
      expr: 'load > 5',
      labels: { severity: 'page' },
      annotations: { summary: '{{ $labels.job }} at {{ $value }}' },
    },
  ],
};

export interface Service {
  collector: MetricsCollector;
  /** Sets the gauge that the rule follows. */
  load(value: number, job?: string): void;
  /** Every change that a callback was told of. */
  changes: AlertChange[];
  /** `state job`, in order. */
  told(): string[];
}

export function serve(t: Test, options: CollectorOptions): Service {
  const collector = new MetricsCollector({ flushInterval: 50, rules: [HIGH], ...options });
  t.teardown(() => collector.close({ timeout: 3_000 }));
  const gauge = collector.gauge('load');
  const changes: AlertChange[] = [];
  collector.onAlert((change) => changes.push(change));
  return {
    collector,
    changes,
    load: (value, job = 'api') => gauge.set(value, { job }),
    told: () => changes.map(({ state, labels }) => `${state} ${labels.job}`),
  };
}

/** The alerts that a webhook was told of: `status job`, in order. */
export function toldTo(requests: readonly Received[]): string[] {
  return requests.flatMap(({ body }) =>
    (JSON.parse(String(body)) as { alerts: { status: string; labels: { job: string } }[] }).alerts.map(
      ({ status, labels }) => `${status} ${labels.job}`,
    ),
  );
}

/** The library's warnings from now on. */
export function warnings(t: Test): string[] {
  const said: string[] = [];
  const listen = (warning: Error & { code?: string }): void => void said.push(`${warning.code} ${warning.message}`);
  process.on('warning', listen);
  t.teardown(() => process.off('warning', listen));
  return said;
}
