import type { PanelName } from '#dashboard/panels';
import { ChartPanel } from './chart-panel.js';
import type { Unit } from './format.js';
import { HeatMap } from './heat-map.js';
import { LineChart } from './line-chart.js';
import type { Store } from './store.js';

interface Chart {
  title: string;
  unit: Unit;
  empty: string;
  colours?: Readonly<Record<string, string>>;
}

const SWITCH_ON = 'Switch on the default metrics of the collector (defaultMetrics: true) to see this.';

const CHARTS: Readonly<Record<Exclude<PanelName, 'heatmap'>, Chart>> = {
  requests: {
    title: 'Request rate',
    unit: 'perSecond',
    empty:
      'No counter of requests was found. Count them in http_requests_total, or say in the option dashboard.requests what to show.',
    colours: { requests: 's1', errors: 'bad' },
  },
  latency: {
    title: 'Latency',
    unit: 'seconds',
    empty:
      'No histogram of durations was found. Observe seconds in http_request_duration_seconds, or name yours in dashboard.latency.',
    colours: { p50: 's6', p95: 's1', p99: 's3' },
  },
  eventLoop: { title: 'Event loop delay', unit: 'seconds', empty: `${SWITCH_ON} Stalls are seen without them.` },
  memory: { title: 'Memory', unit: 'bytes', empty: 'Waiting for the first numbers…' },
  cpu: { title: 'CPU', unit: 'cores', empty: 'Waiting for the first numbers…' },
  gc: { title: 'Garbage collection', unit: 'ratio', empty: SWITCH_ON },
};

/** The charts in the order of the page. */
export function makeCharts(store: Store): Map<PanelName, ChartPanel> {
  const line = (name: keyof typeof CHARTS): [PanelName, ChartPanel] => {
    const { title, unit, empty, colours } = CHARTS[name];
    const drawing = (host: HTMLElement) => new LineChart(host, { unit, store, colours });
    return [name, new ChartPanel({ name, title, unit, empty, drawing })];
  };
  const heatMap = new ChartPanel({
    name: 'heatmap',
    title: 'Latency heat map',
    unit: 'perSecond',
    empty: CHARTS.latency.empty,
    drawing: (host) => new HeatMap(host, store),
  });
  return new Map<PanelName, ChartPanel>([
    line('requests'),
    line('latency'),
    ['heatmap', heatMap],
    line('eventLoop'),
    line('cpu'),
    line('memory'),
    line('gc'),
  ]);
}
