import { colour, seriesColour } from './colours.js';
import { element, setText } from './dom.js';
import { showText, type Unit } from './format.js';
import { axis, place, stallBands, timeAxis, timeScale } from './plot.js';
import type { Lines, Store } from './store.js';
import type uPlot from './uplot.js';

export interface LineChartOptions {
  unit: Unit;
  store: Store;
  /** Names of colours by the names of lines; other lines get the next colours in order. */
  colours?: Readonly<Record<string, string>>;
}

/** Dash patterns, so that lines differ not only in colour. */
const DASHES = [[], [8, 3], [3, 3]];

/** Distances of ticks for bytes: powers of 2 give round numbers. */
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);

/** Lines over time, with a legend of their names and values: the newest, or those at the cursor. */
export class LineChart {
  readonly legend = element('ul', { class: 'legend' });
  private plot: uPlot | undefined;
  private names: string[] = [];
  private readonly values = new Map<string, HTMLElement>();
  private lines: Lines = { times: [], values: new Map() };

  constructor(
    readonly host: HTMLElement,
    private readonly options: LineChartOptions,
  ) {}

  /** Shows new data, of the same lines or of others. */
  draw(lines: Lines): void {
    this.lines = lines;
    const names = [...lines.values.keys()];
    if (names.join('\n') !== this.names.join('\n')) this.begin(names);
    this.plot?.setData(this.data(), true);
    this.showValues(this.plot?.cursor.idx);
  }

  /** Rebuilds the chart after the colours have changed. */
  restart(): void {
    this.begin([...this.lines.values.keys()]);
    this.draw(this.lines);
  }

  /** The newest values, as text. */
  describe(): string {
    return this.names.map((name) => `${name} ${showText(this.newest(name), this.options.unit)}`).join(', ');
  }

  private data(): uPlot.AlignedData {
    return [this.lines.times, ...this.names.map((name) => this.lines.values.get(name)!)];
  }

  private begin(names: string[]): void {
    this.names = names;
    this.plot?.destroy();
    this.values.clear();
    this.legend.replaceChildren(...names.map((name, index) => this.entry(name, index)));
    if (names.length === 0) {
      this.plot = undefined;
      return;
    }
    const { unit, store } = this.options;
    const scale: uPlot.Scale = { range: (_, __, max) => [0, max > 0 ? max * 1.12 : 1] };
    const steps = unit === 'bytes' ? { incrs: BYTE_STEPS } : {};
    this.plot = place(
      this.host,
      {
        padding: [8, 4, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 7 }, sync: { key: 'ringmeter' }, drag: { x: false, y: false } },
        scales: { x: timeScale, y: scale },
        axes: [
          timeAxis(),
          axis({ size: 62, space: 34, ...steps, values: (_, ticks) => ticks.map((one) => showText(one, unit)) }),
        ],
        series: [{}, ...names.map((name, index) => this.series(name, index))],
        plugins: [stallBands(store)],
        hooks: { setCursor: [(plot) => this.showValues(plot.cursor.idx)] },
      },
      this.data(),
    );
  }

  private series(name: string, index: number): uPlot.Series {
    const stroke = colour(this.colourOf(name, index));
    const area = this.names.length === 1 ? stroke.replace('rgb(', 'rgba(').replace(')', ', 0.1)') : undefined;
    return {
      label: name,
      stroke,
      width: 1.75,
      dash: DASHES[index % DASHES.length],
      fill: area,
      points: { show: false },
    };
  }

  private colourOf(name: string, index: number): string {
    return this.options.colours?.[name] ?? seriesColour(index);
  }

  private entry(name: string, index: number): HTMLElement {
    const swatch = element('i');
    swatch.style.setProperty('--swatch', `var(--${this.colourOf(name, index)})`);
    if (index % DASHES.length > 0) swatch.style.borderTopStyle = index % DASHES.length === 1 ? 'dashed' : 'dotted';
    const value = element('b');
    this.values.set(name, value);
    return element('li', {}, swatch, name, value);
  }

  private showValues(index: number | null | undefined): void {
    for (const [name, target] of this.values) {
      const value = index === null || index === undefined ? this.newest(name) : this.lines.values.get(name)?.[index];
      setText(target, showText(value, this.options.unit));
    }
  }

  private newest(name: string): number | null {
    return this.lines.values.get(name)?.at(-1) ?? null;
  }
}
