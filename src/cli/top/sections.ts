import type { ScrapedFamily } from '../../scrape/types';
import { groupBy, type ScrapePair } from './reading';
import type { Section } from './section';
import { bytes, count, duration, perSecond, unitOf } from './units';

const MANY = 100;

/** Whether a family is a counter: by its type, or by its name, since some servers send no types. */
function isCounter({ type, name }: ScrapedFamily): boolean {
  return type === 'counter' || (type === 'untyped' && name.endsWith('_total'));
}

/** The counters with the highest rates, except those of the CPU, which are shown above. */
export function countersSection(reading: ScrapePair): Section {
  const rows = reading.families
    .filter((family) => isCounter(family) && !family.name.startsWith('process_cpu_'))
    .map(({ samples }) => samples.find(({ name }) => !name.endsWith('_created'))?.name)
    .filter((name) => name !== undefined)
    .map((name) => ({ name, rate: reading.rate(name) ?? Number.NaN, value: reading.value(name) ?? 0 }))
    .sort((a, b) => (b.rate || 0) - (a.rate || 0) || b.value - a.value)
    .slice(0, MANY)
    .map(({ name, rate, value }) => [
      name,
      /_(?:seconds|bytes)(?:_total)?$/.test(name) ? `${unitOf(name)(rate)}/s` : perSecond(rate),
      unitOf(name)(value),
    ]);
  return { head: ['COUNTERS', 'RATE', 'TOTAL'], rows, least: 3, most: rows.length };
}

/** Metrics that have the most lines. */
export function seriesSection(reading: ScrapePair): Section {
  const all = reading.families.reduce((sum, { samples }) => sum + samples.length, 0);
  const rows = [...reading.families]
    .sort((a, b) => b.samples.length - a.samples.length)
    .slice(0, MANY)
    .map(({ name, type, samples }) => [
      name,
      type,
      count(samples.length),
      `${((samples.length / all) * 100).toFixed(0)} %`,
    ]);
  return { head: ['SERIES', 'TYPE', count(all), 'SHARE'], rows, least: 3, most: rows.length };
}

/** The states of a collector's storages. */
export function storagesSection(reading: ScrapePair, now: number): Section {
  const storages = [...groupBy(reading.samples('ringmeter_storage_stored_total'), 'storage').keys()];
  const of = (storage: string, what: string): number | undefined =>
    groupBy(reading.samples(`ringmeter_storage_${what}`), 'storage').get(storage)?.[0]?.value;
  const rows = storages.map((storage) => {
    const last = of(storage, 'last_success_timestamp_seconds');
    return [
      storage,
      ...['stored_total', 'failures_total', 'dropped_total', 'rejected_total', 'queue_snapshots'].map((what) =>
        count(of(storage, what)),
      ),
      bytes(of(storage, 'queue_bytes')),
      last ? `${duration(Math.max(now / 1_000 - last, 0))} ago` : 'never',
    ];
  });
  return {
    head: ['STORAGES', 'STORED', 'FAILED', 'DROPPED', 'REFUSED', 'WAITING', 'BYTES', 'LAST'],
    rows,
    least: 3,
    most: 6,
  };
}

/** A firing or pending alert, as in the answer of `/api/v1/alerts`. */
export interface Alert {
  state: string;
  name: string;
  labels: string;
  activeAt: string;
}

export function alertsSection(alerts: readonly Alert[], now: number): Section {
  const order = (state: string): number => (state === 'firing' ? 0 : 1);
  const rows = [...alerts]
    .sort((a, b) => order(a.state) - order(b.state))
    .map(({ state, name, labels, activeAt }) => [name, state, labels, duration((now - Date.parse(activeAt)) / 1_000)]);
  return { head: ['ALERTS', 'STATE', 'LABELS', 'SINCE'], rows, least: 3, most: 6 };
}

/** Parses an answer of `/api/v1/alerts`; undefined if the text is something else. */
export function readAlerts(text: string): Alert[] | undefined {
  try {
    const { data } = JSON.parse(text) as {
      data: { alerts: { labels: Record<string, string>; state: string; activeAt: string }[] };
    };
    return data.alerts.map(({ labels: { alertname, ...labels }, state, activeAt }) => ({
      state: String(state),
      name: String(alertname),
      labels: Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(','),
      activeAt: String(activeAt),
    }));
  } catch {
    return undefined;
  }
}
