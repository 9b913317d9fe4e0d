import { element, remember, remembered } from './dom.js';
import { showText } from './format.js';
import { LineChart } from './line-chart.js';
import { Panel } from './panel.js';
import { askNow, askRange, type InstantResult, QueryFault, seriesName } from './query-api.js';
import { QueryHistory } from './query-history.js';
import type { Store } from './store.js';
import { Scroller, table } from './table.js';

/** Milliseconds after which a chart is queried again. */
const REFRESH_MS = 5_000;

/** Any expression of PromQL, its result as a chart or as a table. */
export class QueryPanel {
  readonly panel = new Panel('query', 'PromQL', 'wide plain');
  private readonly input = element('input', {
    type: 'text',
    class: 'code',
    'aria-label': 'PromQL expression',
    placeholder: 'sum by (status) (rate(http_requests_total[1m]))',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
  });
  private readonly chartHost = element('div', { class: 'chart', role: 'img' });
  private readonly table = new Scroller('Result');
  private readonly fault = element('div', { class: 'fault', role: 'alert' });
  private readonly note = element('p', { class: 'soft', role: 'status' });
  private readonly history = new QueryHistory();
  private readonly chart: LineChart;
  private asked = '';
  private round = 0;
  private askedAt = 0;
  private shape: string = remembered('query-shape') ?? 'chart';

  constructor(store: Store) {
    this.chart = new LineChart(this.chartHost, { unit: '', store });
    const form = element('form', { class: 'query' }, this.input, element('button', { type: 'submit' }, 'Run'));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.ask(this.input.value.trim());
    });
    this.input.addEventListener('keydown', (event) => this.key(event));
    this.panel.head.append(this.shapes());
    this.panel.body.append(form, this.fault, this.note, this.chart.legend, this.chartHost, this.table.root);
    this.show(undefined);
  }

  /** Called with every redraw of the page. */
  refresh(): void {
    if (this.asked !== '' && this.shape === 'chart' && performance.now() - this.askedAt > REFRESH_MS) void this.run();
  }

  restart(): void {
    if (!this.chartHost.hidden) this.chart.restart();
  }

  private ask(expression: string): void {
    this.asked = expression;
    if (expression === '') {
      this.show(undefined);
      this.fault.replaceChildren();
      return;
    }
    this.history.add(expression);
    this.note.textContent = 'Asking…';
    void this.run();
  }

  private async run(): Promise<void> {
    const expression = this.asked;
    const round = ++this.round;
    this.askedAt = performance.now();
    try {
      const done = this.shape === 'chart' ? await this.drawn(expression) : await this.tabled(expression);
      if (round !== this.round) return;
      this.fault.replaceChildren();
      done();
    } catch (error) {
      if (round !== this.round) return;
      this.askedAt = Number.POSITIVE_INFINITY;
      this.show(undefined);
      this.fault.replaceChildren(...explain(expression, error));
    }
  }

  private async drawn(expression: string): Promise<() => void> {
    const { lines, count } = await askRange(expression);
    return () => {
      const hidden = count - lines.values.size;
      this.show('chart');
      this.note.textContent = count === 0 ? 'No series.' : hidden > 0 ? `${hidden} more series are in the table.` : '';
      this.chartHost.hidden = count === 0;
      this.chart.draw(lines);
      this.chartHost.setAttribute('aria-label', `${expression}. Now: ${this.chart.describe()}`);
    };
  }

  private async tabled(expression: string): Promise<() => void> {
    const rows = rowsOf(await askNow(expression));
    return () => {
      this.show('table');
      this.note.textContent = rows.length === 0 ? 'No series.' : '';
      const columns = [{ title: 'Series' }, { title: 'Value', isNumber: true }];
      this.table.show(table(expression, columns, rows));
    };
  }

  private show(what: 'chart' | 'table' | undefined): void {
    this.chartHost.hidden = what !== 'chart';
    this.chart.legend.hidden = what !== 'chart';
    this.table.root.hidden = what !== 'table';
    if (what === undefined) this.note.textContent = '';
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    const text = this.history.go(event.key === 'ArrowUp' ? -1 : 1, this.input.value);
    event.preventDefault();
    if (text !== undefined) this.input.value = text;
  }

  private shapes(): HTMLElement {
    const choices = ['chart', 'table'].map((shape) => {
      const input = element('input', { type: 'radio', name: 'query-shape', value: shape });
      input.checked = shape === this.shape;
      input.addEventListener('change', () => {
        this.shape = shape;
        remember('query-shape', shape);
        if (this.asked !== '') void this.run();
      });
      return element('label', {}, input, element('span', {}, shape === 'chart' ? 'Chart' : 'Table'));
    });
    return element(
      'fieldset',
      { class: 'choice' },
      element('legend', { class: 'unseen' }, 'Show result as'),
      ...choices,
    );
  }
}

function rowsOf(answer: InstantResult): (string | Node)[][] {
  switch (answer.resultType) {
    case 'scalar':
      return [['scalar', showText(Number(answer.result[1]), '')]];
    case 'string':
      return [['string', answer.result[1]]];
    case 'vector':
      return answer.result.map(({ metric, value }) => [code(seriesName(metric)), value[1]]);
    case 'matrix':
      return answer.result.map(({ metric, values }) => [
        code(seriesName(metric)),
        `${values.length} samples, last ${values.at(-1)?.[1]}`,
      ]);
  }
}

function code(text: string): HTMLElement {
  return element('code', {}, text);
}

/** The error of a query, with a marker below the place in the expression that it names. */
function explain(expression: string, error: unknown): HTMLElement[] {
  const message = error instanceof QueryFault ? error.message : `The endpoint cannot be reached: ${String(error)}`;
  const place = Number(/\(character (\d+) of /.exec(message)?.[1]);
  const text = element('p', {}, message);
  if (!(place >= 1)) return [text];
  const marked = `${expression}\n${' '.repeat(place - 1)}^`;
  return [element('pre', { class: 'code', 'aria-hidden': 'true' }, marked), text];
}
