import type { DashboardDocument, ShownAlert, StorageHealth } from '#dashboard/document';
import { serverNow } from './clock.js';
import { element } from './dom.js';
import { ago, showText } from './format.js';
import { Panel } from './panel.js';
import { Scroller, table } from './table.js';

function tag(text: string, tone: string): HTMLElement {
  return element('span', { class: 'tag', 'data-tone': tone }, text);
}

/** A panel whose content is rebuilt when its data change. */
class ListPanel<T> {
  readonly panel: Panel;
  private readonly scroller: Scroller;
  private shown = '';

  constructor(
    name: string,
    title: string,
    private readonly make: (value: T) => HTMLElement,
  ) {
    this.panel = new Panel(name, title, 'plain');
    this.scroller = new Scroller(title);
    this.panel.body.append(this.scroller.root);
  }

  show(value: T): void {
    // times are shown as ages, which change with time: redraw every few seconds
    const key = JSON.stringify(value) + Math.floor(serverNow() / 5_000);
    if (key === this.shown) return;
    this.shown = key;
    this.scroller.show(this.make(value));
  }
}

function empty(text: string): HTMLElement {
  return element('p', { class: 'empty' }, text);
}

export const alertsPanel = () =>
  new ListPanel<DashboardDocument['alerts']>('alerts', 'Alerts', ({ active }) => {
    if (active.length === 0) return empty('No alert is pending or firing.');
    const columns = [
      { title: 'State', isShort: true },
      { title: 'Alert' },
      { title: 'Value', isNumber: true },
      { title: 'Since', isShort: true },
    ];
    return table('Alerts, the firing ones first', columns, active.map(alertRow));
  });

function alertRow({ state, name, labels, annotations, value, activeAt }: ShownAlert): (string | Node)[] {
  const text =
    annotations.summary ??
    annotations.description ??
    Object.entries(labels)
      .map((pair) => pair.join('='))
      .join(', ');
  return [
    tag(state, state === 'firing' ? 'bad' : 'warn'),
    element('div', {}, element('b', {}, name), element('div', { class: 'soft' }, text)),
    showText(value, ''),
    ago(serverNow() - activeAt),
  ];
}

const TONES = { ok: 'good', failing: 'bad', idle: 'warn' } as const;

export const storagesPanel = () =>
  new ListPanel<StorageHealth[]>('storages', 'Storages', (storages) => {
    if (storages.length === 0) return empty('This collector has no storage: nothing is kept.');
    const columns = [
      { title: 'State', isShort: true },
      { title: 'Storage' },
      { title: 'Stored', isNumber: true },
      { title: 'Waiting', isNumber: true },
      { title: 'Lost', isNumber: true },
    ];
    return table('Storages', columns, storages.map(storageRow));
  });

function storageRow({
  name,
  state,
  stored,
  queued,
  dropped,
  rejected,
  lastSuccess,
  lastError,
}: StorageHealth): (string | Node)[] {
  const success = lastSuccess === null ? 'nothing stored yet' : ago(serverNow() - lastSuccess);
  const note = state === 'failing' ? (lastError ?? '') : success;
  return [
    tag(state, TONES[state]),
    element('div', {}, element('b', {}, name), element('div', { class: 'soft' }, note)),
    showText(stored, ''),
    showText(queued, ''),
    showText(dropped + rejected, ''),
  ];
}

export const cardinalityPanel = () =>
  new ListPanel<DashboardDocument['cardinality']>('cardinality', 'Cardinality', ({ top }) => {
    if (top.length === 0) return empty('There are no metrics yet.');
    const most = top[0].series || 1;
    const rows = top.map(({ name, type, series, limit }) => {
      const bar = element('span', { class: 'bar' });
      bar.style.width = `${Math.max((series / most) * 100, 1)}%`;
      return [
        element('div', {}, name, bar),
        type,
        series >= limit ? tag(`${series}, the limit`, 'bad') : showText(series, ''),
      ];
    });
    const columns = [{ title: 'Metric' }, { title: 'Type', isShort: true }, { title: 'Series', isNumber: true }];
    return table('Metrics with the most series', columns, rows);
  });
