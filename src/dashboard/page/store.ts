import type { Backfill } from '#dashboard/backfill';
import type { PanelName } from '#dashboard/panels';
import type { ChartValues } from '#dashboard/points';
import type { Stall } from '#dashboard/stalls';

export type Values = (number | null)[];

/** The data of one chart: lines with common times. */
export interface Lines {
  /** Wall-clock seconds, ascending. */
  readonly times: number[];
  readonly values: Map<string, Values>;
}

/** Longest time that is kept, in seconds. */
const KEPT_S = 3_600;

/** The data of all charts: the history, and a new point each second. */
export class Store {
  stalls: readonly Stall[] = [];
  private readonly panels = new Map<PanelName, Lines>();

  lines(name: PanelName): Lines {
    let lines = this.panels.get(name);
    if (lines === undefined) {
      lines = { times: [], values: new Map() };
      this.panels.set(name, lines);
    }
    return lines;
  }

  /** Replaces the data by the history. Points that arrived while it was requested stay. */
  fill({ times, panels, stalls }: Backfill): void {
    const seconds = times.map((time) => time / 1000);
    this.stalls = stalls;
    for (const [name, filled] of Object.entries(panels) as [PanelName, Record<string, Values>][]) {
      const old = this.panels.get(name);
      const lines: Lines = { times: [...seconds], values: new Map(Object.entries(filled)) };
      this.panels.set(name, lines);
      const last = seconds.at(-1) ?? 0;
      old?.times.forEach((time, index) => {
        if (time > last)
          append(
            lines,
            time,
            [...old.values].map(([line, values]) => [line, values[index]]),
          );
      });
    }
  }

  add({ time, panels }: ChartValues): void {
    for (const [name, values] of Object.entries(panels) as [PanelName, Record<string, number | null>][]) {
      const lines = this.lines(name);
      if (time / 1000 <= (lines.times.at(-1) ?? 0)) continue;
      append(lines, time / 1000, Object.entries(values));
      trim(lines, time / 1000 - KEPT_S);
    }
  }
}

function append({ times, values }: Lines, time: number, points: readonly (readonly [string, number | null])[]): void {
  times.push(time);
  for (const [line, value] of points) {
    if (!values.has(line)) values.set(line, new Array(times.length - 1).fill(null));
    values.get(line)!.push(value);
  }
  for (const line of values.values()) if (line.length < times.length) line.push(null);
}

function trim({ times, values }: Lines, from: number): void {
  const old = times.findIndex((time) => time >= from);
  if (old < 60) return;
  times.splice(0, old);
  for (const line of values.values()) line.splice(0, old);
}
