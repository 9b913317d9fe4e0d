import { test } from 'tap';
import { type Alerts, alertSamples, step } from '../../dist/src/alerts/alert-state.js';

const MINUTE = 60_000;

/** Steps a rule through what its expression gives, minute by minute, and says what changes. */
function walk(rule: { holdFor: number; keepFiringFor: number }, given: readonly boolean[], every = MINUTE) {
  const alerts: Alerts = new Map();
  const labels = { alertname: 'A' };
  return given.map((present, index) => {
    const found = new Map(present ? [['a', { labels, annotations: {}, value: String(index) }]] : []);
    const told: string[] = [];
    step(rule, alerts, found, index * every, (_, state) => told.push(state));
    return `${alerts.get('a')?.state ?? '-'}${told.map((state) => ` >${state}`).join('')}`;
  });
}

test('an alert is pending for `for`, fires, and is resolved', async (t) => {
  t.same(walk({ holdFor: 2 * MINUTE, keepFiringFor: 0 }, [false, true, true, true, true, false, false]), [
    '-',
    'pending >pending',
    'pending',
    'firing >firing',
    'firing',
    'resolved >resolved',
    'resolved',
  ]);
});

test('without `for` an alert fires at once, and a pending alert whose condition ends becomes inactive', async (t) => {
  t.same(walk({ holdFor: 0, keepFiringFor: 0 }, [true, false]), ['firing >firing', 'resolved >resolved']);
  t.same(walk({ holdFor: 2 * MINUTE, keepFiringFor: 0 }, [true, true, false, true]), [
    'pending >pending',
    'pending',
    '- >inactive',
    'pending >pending',
  ]);
});

test('`keep_firing_for` keeps an alert firing through gaps, and counts from the start of each gap', async (t) => {
  t.same(walk({ holdFor: 0, keepFiringFor: 2 * MINUTE }, [true, false, false, true, false, false, false]), [
    'firing >firing',
    'firing',
    'firing',
    'firing',
    'firing',
    'firing',
    'resolved >resolved',
  ]);
});

test('a resolved alert is kept for 15 minutes, and starts as a new alert if its condition returns', async (t) => {
  const given = [true, ...Array.from({ length: 17 }, () => false)];
  const states = walk({ holdFor: 0, keepFiringFor: 0 }, given);
  t.equal(states[16], 'resolved');
  t.equal(states[17], '-');
  t.same(walk({ holdFor: MINUTE, keepFiringFor: 0 }, [true, true, false, true]).slice(2), [
    'resolved >resolved',
    'pending >pending',
  ]);
});

test('ALERTS and ALERTS_FOR_STATE have a series for each active alert', async (t) => {
  const alerts: Alerts = new Map();
  const found = new Map([['a', { labels: { alertname: 'A', job: 'x' }, annotations: {}, value: 'NaN' }]]);
  step({ holdFor: MINUTE, keepFiringFor: 0 }, alerts, found, 90_500, () => {});
  t.same(alertSamples(alerts), [
    { labels: { __name__: 'ALERTS', alertname: 'A', alertstate: 'pending', job: 'x' }, value: 1 },
    { labels: { __name__: 'ALERTS_FOR_STATE', alertname: 'A', job: 'x' }, value: 90 },
  ]);
  step({ holdFor: 0, keepFiringFor: 0 }, alerts, new Map(), 91_000, () => {});
  t.same(alertSamples(alerts), []);
});
