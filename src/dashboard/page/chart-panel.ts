import { element } from './dom.js';
import { showText, timeOfDay, type Unit } from './format.js';
import { Panel } from './panel.js';
import type { Lines } from './store.js';
import { Scroller, table } from './table.js';
import { view } from './view.js';

/** Draws lines into an element of the page. */
export interface Drawing {
  readonly legend: HTMLElement;
  draw(lines: Lines): void;
  restart(): void;
  describe(): string;
}

export interface ChartPanelOptions {
  name: string;
  title: string;
  unit: Unit;
  /** The text that is shown if there are no data: how to get some. */
  empty: string;
  drawing(host: HTMLElement): Drawing;
}

/** Number of times in the table. */
const ROWS = 20;
/** Milliseconds between new descriptions for screen readers: with every update they would never stop speaking. */
const DESCRIBE_MS = 5_000;

/** A chart, the hint that replaces it without data, and its numbers as a table. */
export class ChartPanel {
  readonly panel: Panel;
  private readonly host = element('div', { class: 'chart', role: 'img' });
  private readonly empty: HTMLElement;
  private readonly data: HTMLDetailsElement;
  private readonly numbers: Scroller;
  private readonly drawing: Drawing;
  private lines: Lines | undefined;
  private described = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: ChartPanelOptions) {
    const { name, title, empty, drawing } = options;
    this.panel = new Panel(name, title);
    this.empty = element('p', { class: 'empty' }, empty);
    this.numbers = new Scroller(`Numbers of ${title}`);
    this.data = element(
      'details',
      { class: 'data' },
      element('summary', {}, `Numbers of ${title.toLowerCase()}`),
      this.numbers.root,
    );
    this.data.addEventListener('toggle', () => this.fillTable());
    this.drawing = drawing(this.host);
    this.panel.head.append(this.drawing.legend);
    this.panel.body.append(this.host, this.empty, this.data);
    this.toggle(false);
  }

  draw(lines: Lines): void {
    this.lines = lines;
    const hasLines = lines.values.size > 0;
    this.toggle(hasLines);
    if (!hasLines) return;
    this.drawing.draw(lines);
    this.fillTable();
    if (performance.now() - this.described < DESCRIBE_MS) return;
    this.described = performance.now();
    const { title } = this.options;
    this.host.setAttribute('aria-label', `${title}, last ${view.minutes} minutes. Now: ${this.drawing.describe()}`);
  }

  restart(): void {
    if (this.lines !== undefined && this.lines.values.size > 0) this.drawing.restart();
  }

  private toggle(hasLines: boolean): void {
    this.host.hidden = !hasLines;
    this.data.hidden = !hasLines;
    this.drawing.legend.hidden = !hasLines;
    this.empty.hidden = hasLines;
  }

  private fillTable(): void {
    if (!this.data.open || this.lines === undefined) return;
    const { times, values } = this.lines;
    const { unit, title } = this.options;
    const columns = [{ title: 'Time' }, ...[...values.keys()].map((name) => ({ title: name, isNumber: true }))];
    const first = Math.max(times.length - ROWS, 0);
    const rows = times
      .slice(first)
      .map((time, index) => [
        timeOfDay(time * 1000),
        ...[...values.values()].map((line) => showText(line[first + index], unit)),
      ])
      .reverse();
    this.numbers.show(table(`${title}, the newest first`, columns, rows));
  }
}
