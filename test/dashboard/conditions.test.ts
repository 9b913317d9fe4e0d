import { test } from 'tap';
import { shownAlerts } from '../../dist/src/dashboard/conditions';
import type { ActiveAlert } from '../../dist/src/endpoint/api/rules-view';

const alert = (alertname: string, state: 'pending' | 'firing', value = 1): ActiveAlert => ({
  labels: { alertname, severity: 'page' },
  annotations: { summary: `${alertname}!` },
  state,
  activeAt: 1_000,
  value,
});

test('alerts are shown with the firing ones first, and all are counted', (t) => {
  const alerts = [alert('Waits', 'pending'), ...Array.from({ length: 60 }, (_, at) => alert(`Fires${at}`, 'firing'))];
  const { firing, pending, active } = shownAlerts({ rules: () => [], alerts: () => alerts });
  t.same([firing, pending, active.length], [60, 1, 50]);
  t.same(active[0], {
    name: 'Fires0',
    state: 'firing',
    labels: { severity: 'page' },
    annotations: { summary: 'Fires0!' },
    value: 1,
    activeAt: 1_000,
  });
  t.equal(shownAlerts({ rules: () => [], alerts: () => [alert('Odd', 'firing', Number.NaN)] }).active[0].value, null);
  t.end();
});
