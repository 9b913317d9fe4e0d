import type { DashboardDocument } from '#dashboard/document';
import { announceAlerts } from './alert-announcer.js';
import { makeCharts } from './charts.js';
import { choice } from './choice.js';
import { serverNow, setServerTime } from './clock.js';
import { forgetColours } from './colours.js';
import { Connection, type ConnectionState } from './connection.js';
import { byId, setText } from './dom.js';
import { LastStallView } from './last-stall.js';
import { alertsPanel, cardinalityPanel, storagesPanel } from './lists.js';
import { QueryPanel } from './query-panel.js';
import { StallBanner } from './stall-banner.js';
import { Store } from './store.js';
import { apply, onSystemTheme } from './theme.js';
import { ThreadList } from './thread-list.js';
import { requestRateText, Tiles } from './tiles.js';
import { view } from './view.js';

/** Charts move on even if no event arrives. */
const REDRAW_MS = 1_000;

const store = new Store();
const charts = makeCharts(store);
const tiles = new Tiles();
const threads = new ThreadList();
const lastStall = new LastStallView();
const lists = { alerts: alertsPanel(), storages: storagesPanel(), cardinality: cardinalityPanel() };
const query = new QueryPanel(store);
const state: { connection: ConnectionState; text: string; stalled: boolean } = {
  connection: 'connecting',
  text: 'Connecting…',
  stalled: false,
};
const banner = new StallBanner((stalled) => {
  state.stalled = stalled;
  showState();
});

const eventLoop = charts.get('eventLoop')!.panel;
eventLoop.head.append(threads.root);
eventLoop.body.append(lastStall.root);
byId('panels').append(
  ...[...charts.values(), lists.alerts, lists.storages, lists.cardinality, query].map(({ panel }) => panel.root),
);

function showState(): void {
  const status = byId('status');
  const isStalled = state.connection === 'live' && state.stalled;
  status.dataset.state = isStalled ? 'stalled' : state.connection;
  setText(status, isStalled ? 'Live, a thread is stalled' : state.text);
}

function showDocument(shown: DashboardDocument): void {
  setServerTime(shown.time);
  setText(byId('title'), shown.title);
  setText(byId('subtitle'), `Node ${shown.system.nodeVersion}, ${shown.cardinality.series} series`);
  setText(byId('version'), `ringmeter ${shown.version}`);
  document.title = `${requestRateText(shown)}${shown.title}`;
  tiles.show(shown);
  threads.show(shown.system);
  lastStall.show(shown.system);
  lists.alerts.show(shown.alerts);
  lists.storages.show(shown.storages);
  lists.cardinality.show(shown.cardinality);
  announceAlerts(shown);
}

function redraw(): void {
  if (document.visibilityState === 'hidden') return;
  for (const [name, chart] of charts) chart.draw(store.lines(name));
  query.refresh();
}

async function fill(): Promise<void> {
  const response = await fetch(`dashboard/history?minutes=${view.minutes}`);
  if (!response.ok) return;
  store.fill(await response.json());
  redraw();
}

function repaint(): void {
  forgetColours();
  for (const chart of charts.values()) chart.restart();
  query.restart();
}

view.minutes = Number(
  choice('range', '15', (minutes) => {
    view.minutes = Number(minutes);
    void fill().catch(() => {});
  }),
);
choice('theme', 'auto', (theme) => {
  apply(theme);
  repaint();
});
onSystemTheme(repaint);

const top = document.querySelector('.top')!;
new ResizeObserver(() => document.body.style.setProperty('--top-height', `${top.clientHeight}px`)).observe(top);

new Connection({
  document: showDocument,
  points: (points) => {
    store.add(points);
    redraw();
  },
  stalls: (stalls) => {
    store.stalls = stalls;
    banner.show(stalls);
  },
  state: (connection, text) => {
    Object.assign(state, { connection, text });
    showState();
  },
  opened: () => void fill().catch(() => {}),
});
setInterval(redraw, REDRAW_MS);

/** The data of the charts, for scripts that automate the page. */
Object.assign(window, { ringmeter: { store, now: serverNow } });
