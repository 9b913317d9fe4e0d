import { serverNow } from './clock.js';
import { colour } from './colours.js';
import { timeOfDay } from './format.js';
import type { Store } from './store.js';
import uPlot from './uplot.js';
import { shownTime, view } from './view.js';

/** Candidate distances of the ticks of the time axis, in seconds. */
const TIME_STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1200, 1800];

const AXIS_FONT = '11px Inter, ui-sans-serif, system-ui, sans-serif';

/** The settings that all axes have in common. */
export function axis(more: uPlot.Axis): uPlot.Axis {
  return {
    stroke: () => colour('soft'),
    font: AXIS_FONT,
    grid: { stroke: () => colour('grid'), width: 1 },
    ticks: { show: false },
    border: { show: false },
    gap: 6,
    ...more,
  };
}

export function timeAxis(): uPlot.Axis {
  return axis({
    size: 26,
    space: 64,
    incrs: TIME_STEPS,
    grid: { show: false },
    values: (plot, times) => times.map((time) => (isCut(plot, time) ? '' : timeOfDay(time * 1000, view.minutes <= 5))),
  });
}

/** Half of the width of a tick label of the time axis, in pixels. */
const HALF_TEXT = 26;

/** Whether the label of a tick would extend beyond the edge of the chart. */
function isCut(plot: uPlot, time: number): boolean {
  return plot.valToPos(time, 'x') > plot.bbox.width / devicePixelRatio - HALF_TEXT;
}

/** The scale of the time axis. */
export const timeScale: uPlot.Scale = {
  time: true,
  range: () => {
    const { from, to } = shownTime();
    return [from, to];
  },
};

/** Shades the times in which a thread was stalled, over the whole height of a chart. */
export function stallBands(store: Store): uPlot.Plugin {
  return {
    hooks: {
      drawAxes: (plot) => {
        const { ctx, bbox } = plot;
        for (const { from, to } of store.stalls) {
          const left = Math.max(plot.valToPos(from / 1000, 'x', true), bbox.left);
          const right = Math.min(plot.valToPos((to ?? serverNow()) / 1000, 'x', true), bbox.left + bbox.width);
          if (right <= left) continue;
          ctx.fillStyle = colour('stall');
          ctx.fillRect(left, bbox.top, Math.max(right - left, 2), bbox.height);
        }
      },
    },
  };
}

/** Makes a chart that fills its host element. */
export function place(
  host: HTMLElement,
  options: Omit<uPlot.Options, 'width' | 'height'>,
  data: uPlot.AlignedData,
): uPlot {
  const { width, height } = sizeOf(host);
  const plot = new uPlot({ ...options, width, height }, data, host);
  const observer = new ResizeObserver(() => {
    const size = sizeOf(host);
    if (size.width !== plot.width || size.height !== plot.height) plot.setSize(size);
  });
  observer.observe(host);
  // the host outlives its plots: without this, each old plot would be retained and resized
  plot.hooks.destroy = [...(plot.hooks.destroy ?? []), () => observer.disconnect()];
  return plot;
}

function sizeOf(host: HTMLElement): { width: number; height: number } {
  return { width: Math.max(host.clientWidth, 160), height: Math.max(host.clientHeight, 80) };
}
