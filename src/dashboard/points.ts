import { RingmeterError } from '../errors';
import type { LabelSet } from '../query/types';
import type { DashboardDocument } from './document';
import { orNull } from './document';
import { withWindow } from './options';
import { PANELS, type PanelName, type PanelQuery, type Panels, panelsFor } from './panels';
import type { Reporter } from './reporter';

/** Series of one panel that are shown. */
export const MOST_LINES = 40;

/** The charts' values at one moment: by panel and line. Null where a value is no finite number. */
export interface Points {
  time: number;
  panels: Record<PanelName, Record<string, number | null>>;
}

export function panelsOf(reporter: Reporter): Panels {
  return panelsFor(reporter.host.families(), reporter.signals);
}

/** What the charts show at the time of a document. */
export async function pointsAt(reporter: Reporter, document: DashboardDocument): Promise<Points> {
  const { time } = document;
  const panels = panelsOf(reporter);
  const entries = await Promise.all(PANELS.map(async (name) => [name, await values(reporter, panels[name], time)]));
  const points: Points = { time, panels: Object.fromEntries(entries) };
  const { memory, cpu } = points.panels;
  // these are known also where nothing measures them
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
    const result = await answered(reporter.engine.instant(withWindow(expression, reporter.window(time)), time));
    if (result === undefined) continue;
    if (result.type === 'scalar') lines[lineName(name, {})] = orNull(result.value);
    if (result.type !== 'vector') continue;
    for (const { labels, value } of result.samples.slice(0, MOST_LINES)) lines[lineName(name, labels)] = orNull(value);
  }
  return lines;
}

/** What cannot be evaluated has no line, and leaves the others alone: the document says why. */
export async function answered<T>(evaluation: Promise<T>): Promise<T | undefined> {
  try {
    return await evaluation;
  } catch (error) {
    if (error instanceof RingmeterError) return undefined;
    throw error;
  }
}

export function lineName(name: PanelQuery['name'], labels: LabelSet): string {
  return typeof name === 'string' ? name : labels[name.label] || name.otherwise;
}
