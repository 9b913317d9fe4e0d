import { heat } from './colours.js';
import { element, setText } from './dom.js';
import { showText } from './format.js';
import { axis, place, stallBands, timeAxis, timeScale } from './plot.js';
import type { Lines, Store } from './store.js';
import type uPlot from './uplot.js';

/** Two points further apart than this many usual distances are shown with a gap between them. */
const LONGEST_GAP = 3;

/** How many observations fell into each bucket of a histogram, per second, over time: the more observations, the stronger the colour. */
export class HeatMap {
  readonly legend = element('p', { class: 'legend' });
  private plot: uPlot | undefined;
  /** Upper bounds, ascending; buckets above the last used one are left out. */
  private bounds: string[] = [];
  /** By bucket and time. */
  private counts: (number | null)[][] = [];
  private times: number[] = [];

  constructor(
    readonly host: HTMLElement,
    private readonly store: Store,
  ) {}

  /** @param lines by `le`: rates of the observations up to that bound */
  draw(lines: Lines): void {
    const bounds = [...lines.values.keys()].sort((one, other) => Number(upper(one)) - Number(upper(other)));
    const cumulative = bounds.map((bound) => lines.values.get(bound)!);
    const counts = cumulative.map((line, bucket) =>
      line.map((value, at) => difference(value, cumulative[bucket - 1]?.[at])),
    );
    const used = counts.findLastIndex((line) => line.some((value) => value !== null && value > 0));
    const shown = Math.min(Math.max(used + 2, 3), bounds.length);
    this.times = lines.times;
    this.counts = counts.slice(0, shown);
    const changed = bounds.slice(0, shown).join() !== this.bounds.join();
    this.bounds = bounds.slice(0, shown);
    if (changed) this.begin();
    this.plot?.setData([this.times, this.times.map(() => null)], true);
    this.showCell();
  }

  restart(): void {
    this.begin();
  }

  /** The bucket with the most of the newest observations, as text. */
  describe(): string {
    const newest = this.counts.map((line) => line.at(-1) ?? 0);
    const most = newest.indexOf(Math.max(...newest));
    return newest[most] > 0 ? `most took ${this.interval(most)}` : 'no observations';
  }

  private begin(): void {
    this.plot?.destroy();
    this.plot = undefined;
    if (this.bounds.length === 0) return;
    const edges = this.bounds.map((_, bucket) => bucket + 1).slice(0, -1);
    this.plot = place(
      this.host,
      {
        padding: [8, 4, 0, 0],
        legend: { show: false },
        cursor: {
          points: { show: false },
          sync: { key: 'ringmeter', scales: ['x', null] },
          drag: { x: false, y: false },
        },
        scales: { x: timeScale, y: { range: () => [0, this.bounds.length] } },
        axes: [
          timeAxis(),
          axis({
            size: 62,
            grid: { show: false },
            splits: () => edges.filter((_, index) => index % Math.ceil(edges.length / 8) === 0),
            values: (_, splits) => splits.map((edge) => showText(Number(this.bounds[edge - 1]), 'seconds')),
          }),
        ],
        series: [{}, { show: true, points: { show: false } }],
        plugins: [{ hooks: { drawAxes: (plot) => this.paint(plot) } }, stallBands(this.store)],
        hooks: { setCursor: [() => this.showCell()] },
      },
      [this.times, this.times.map(() => null)],
    );
  }

  private paint(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const most = largest(this.counts);
    const usual = usualDistance(this.times);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    this.times.forEach((time, at) => {
      const before = Math.max(this.times[at - 1] ?? time - usual, time - usual * LONGEST_GAP);
      const left = Math.floor(plot.valToPos(before, 'x', true));
      const width = Math.ceil(plot.valToPos(time, 'x', true)) - left;
      if (left + width < bbox.left) return;
      this.counts.forEach((line, bucket) => {
        const value = line[at];
        if (value === null || value <= 0) return;
        const top = Math.round(plot.valToPos(bucket + 1, 'y', true));
        ctx.fillStyle = heat(Math.sqrt(value / most));
        ctx.fillRect(left, top + 1, width, Math.round(plot.valToPos(bucket, 'y', true)) - top - 1);
      });
    });
    ctx.restore();
  }

  /** The text about the bucket under the cursor. */
  private showCell(): void {
    const { idx, top = -1 } = this.plot?.cursor ?? {};
    const bucket = top >= 0 && this.plot ? Math.floor(this.plot.posToVal(top, 'y')) : -1;
    const value = idx === null || idx === undefined ? undefined : this.counts[bucket]?.[idx];
    setText(
      this.legend,
      value === undefined ? this.describe() : `${this.interval(bucket)}: ${showText(value, 'perSecond')}`,
    );
  }

  private interval(bucket: number): string {
    const [from, to] = [this.bounds[bucket - 1], this.bounds[bucket]];
    if (from === undefined) return `up to ${showText(Number(to), 'seconds')}`;
    if (to === '+Inf') return `over ${showText(Number(from), 'seconds')}`;
    return `${showText(Number(from), 'seconds')} to ${showText(Number(to), 'seconds')}`;
  }
}

function upper(bound: string): string {
  return bound === '+Inf' ? 'Infinity' : bound;
}

function difference(value: number | null, below: number | null | undefined): number | null {
  return value === null ? null : Math.max(value - (below ?? 0), 0);
}

function largest(lines: readonly (readonly (number | null)[])[]): number {
  let most = Number.MIN_VALUE;
  for (const line of lines) for (const value of line) most = Math.max(most, value ?? 0);
  return most;
}

function usualDistance(times: readonly number[]): number {
  if (times.length < 2) return 1;
  return (times[times.length - 1] - times[0]) / (times.length - 1);
}
