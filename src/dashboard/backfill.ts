import { finiteOrNull } from '../common/format-float';
import { answered, lineName, MOST_LINES } from './lines';
import { LIVE_WINDOW_MS } from './live-history';
import { withWindow } from './options';
import { PANELS, type PanelName, type PanelQuery } from './panels';
import { panelsOf } from './points';
import { quantilesOf } from './quantiles';
import type { Reporter } from './reporter';
import type { Stall } from './stalls';

/** Approximate number of points of a line. */
const POINTS = 300;
const LEAST_STEP_MS = 1_000;

/** The charts' data from before the page was opened. */
export interface Backfill {
  /** Wall-clock milliseconds, ascending. */
  times: number[];
  /** Values at these times, by panel and line; null where there are none. */
  panels: Record<PanelName, Record<string, (number | null)[]>>;
  stalls: readonly Stall[];
}

/** The requested times. */
interface Grid {
  start: number;
  step: number;
  count: number;
}

type Lines = Record<string, (number | null)[]>;

/** @param duration milliseconds up to now */
export async function backfill(reporter: Reporter, duration: number, now: number): Promise<Backfill> {
  const step = Math.max(Math.ceil(duration / POINTS / 1_000) * 1_000, LEAST_STEP_MS);
  const end = Math.floor(now / step) * step;
  const count = Math.floor(duration / step);
  const grid = { start: end - (count - 1) * step, step, count };
  const panels = panelsOf(reporter);
  const entries: [PanelName, Lines][] = [];
  for (const name of PANELS) {
    const lines = await linesOf(reporter, panels[name], grid);
    entries.push([name, lines]);
    if (name === 'heatmap') entries.push(['latency', latencies(lines, count)]);
  }
  return {
    times: Array.from({ length: count }, (_, at) => grid.start + at * step),
    panels: Object.fromEntries(entries) as Backfill['panels'],
    stalls: reporter.stalls.all,
  };
}

/** Live values, which exist for every second, replace those of the history. */
async function linesOf(reporter: Reporter, queries: readonly PanelQuery[], grid: Grid): Promise<Lines> {
  const lines: Lines = {};
  for (const query of queries) {
    await add(reporter, query, grid, Math.max(reporter.historyWindow, grid.step), lines);
    const skip = Math.max(0, Math.ceil((liveBegin(reporter) - grid.start) / grid.step));
    if (skip < grid.count) await add(reporter, query, grid, Math.max(LIVE_WINDOW_MS, grid.step), lines, skip);
  }
  return lines;
}

/** The quantiles at each time. */
function latencies(heatmap: Lines, count: number): Lines {
  const bounds = Object.keys(heatmap);
  if (bounds.length === 0) return {};
  const columns = Array.from({ length: count }, (_, at) =>
    quantilesOf(Object.fromEntries(bounds.map((bound) => [bound, heatmap[bound][at]]))),
  );
  const names = Object.keys(columns[0]) as (keyof (typeof columns)[0])[];
  return Object.fromEntries(names.map((name) => [name, columns.map((column) => column[name])]));
}

function liveBegin({ live }: Reporter): number {
  return live.times(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)[0] ?? Number.POSITIVE_INFINITY;
}

async function add(
  reporter: Reporter,
  { expression, name }: PanelQuery,
  { start, step, count }: Grid,
  window: number,
  lines: Lines,
  skip = 0,
): Promise<void> {
  const text = withWindow(expression, window);
  const result = await answered(reporter.engine.range(text, start + skip * step, start + (count - 1) * step, step));
  for (const { labels, times, values } of (result?.series ?? []).slice(0, MOST_LINES)) {
    const key = lineName(name, labels);
    lines[key] ??= new Array(count).fill(null);
    const line = lines[key];
    times.forEach((time, at) => {
      line[Math.round((time - start) / step)] = finiteOrNull(values[at]);
    });
  }
}
