import type { DashboardDocument } from './document';
import { answered, linesOf } from './lines';
import { withWindow } from './options';
import { PANELS, type PanelName, type PanelQuery, type Panels, panelsFor } from './panels';
import { quantilesOf } from './quantiles';
import type { Reporter } from './reporter';

/** The charts' values at one moment: by panel and line. Null where a value is no finite number. */
export interface ChartValues {
  time: number;
  panels: Record<PanelName, Record<string, number | null>>;
}

export function panelsOf(reporter: Reporter): Panels {
  return panelsFor(reporter.host.families(), reporter.signals);
}

/** Computes the charts' values at the time of a document. */
export async function pointsAt(reporter: Reporter, document: DashboardDocument): Promise<ChartValues> {
  const { time } = document;
  const panels = panelsOf(reporter);
  const entries = await Promise.all(PANELS.map(async (name) => [name, await values(reporter, panels[name], time)]));
  const points: ChartValues = { time, panels: Object.fromEntries(entries) };
  const { memory, cpu, heatmap } = points.panels;
  points.panels.latency = Object.keys(heatmap).length > 0 ? quantilesOf(heatmap) : {};
  // known even without default metrics
  if (Object.keys(memory).length === 0) memory.resident = document.system.memory.residentBytes;
  if (Object.keys(cpu).length === 0) cpu.process = document.system.cpu.coresUsed;
  return points;
}

async function values(
  reporter: Reporter,
  queries: readonly PanelQuery[],
  time: number,
): Promise<Record<string, number | null>> {
  const lines: Record<string, number | null> = {};
  for (const { expression, name } of queries) {
    const evaluation = reporter.instant(withWindow(expression, reporter.window(time)), time);
    Object.assign(lines, linesOf(name, await answered(evaluation)));
  }
  return lines;
}
