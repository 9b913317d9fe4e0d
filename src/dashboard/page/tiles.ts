import type { DashboardDocument, FigureValue } from '#dashboard/document';
import { byId, element, setText } from './dom.js';
import { type Shown, show, showExactly, showText, timeIn } from './format.js';
import { Sparkline } from './sparkline.js';

/** A tile that shows one number in large type. */
class Tile {
  readonly root: HTMLElement;
  private readonly text = element('span');
  private readonly unit = element('small');
  private readonly note = element('span', { class: 'note' });
  private readonly sparkline: Sparkline | undefined;

  constructor(name: string, hasSparkline = false) {
    const value = element('dd', { class: 'value' }, this.text, ' ', this.unit);
    this.root = element('div', { class: 'tile' }, element('dt', {}, name), value, element('dd', {}, this.note));
    if (!hasSparkline) return;
    this.sparkline = new Sparkline();
    this.root.lastElementChild!.append(this.sparkline.root);
  }

  set({ text, unit }: Shown, note = '', tone = ''): void {
    setText(this.text, text);
    setText(this.unit, unit);
    setText(this.note, note);
    this.root.dataset.tone = tone;
  }

  trace(value: number | null): void {
    this.sparkline?.add(value);
  }
}

/** Errors above this share are shown as bad. */
const MANY_ERRORS = 0.01;

/** The figures of the application and of the system. */
export class Tiles {
  private readonly requests = new Tile('Requests', true);
  private readonly errors = new Tile('Error rate', true);
  private readonly p50 = new Tile('Latency p50', true);
  private readonly p95 = new Tile('Latency p95', true);
  private readonly p99 = new Tile('Latency p99', true);
  private readonly cpu = new Tile('CPU', true);
  private readonly memory = new Tile('Memory', true);
  private readonly uptime = new Tile('Uptime');
  private readonly business = new Map<string, Tile>();

  constructor() {
    const { requests, errors, p50, p95, p99, cpu, memory, uptime } = this;
    byId('tiles').append(...[requests, errors, p50, p95, p99, cpu, memory, uptime].map(({ root }) => root));
  }

  show({ application, system, business, timeZone }: DashboardDocument): void {
    const { requestsPerSecond, errorRate, latency, error } = application;
    this.requests.set(show(requestsPerSecond, 'perSecond'), error ?? '', error === null ? '' : 'bad');
    this.errors.set(show(errorRate, 'ratio'), '', (errorRate ?? 0) > MANY_ERRORS ? 'bad' : '');
    this.p50.set(show(latency.p50, 'seconds'));
    this.p95.set(show(latency.p95, 'seconds'));
    this.p99.set(show(latency.p99, 'seconds'));
    const { cpu, memory, uptimeSeconds } = system;
    this.cpu.set(show(cpu.coresUsed / cpu.cores, 'ratio'));
    this.memory.set(show(memory.residentBytes, 'bytes'));
    this.uptime.set(show(uptimeSeconds, 'seconds'), `pid ${system.pid} · ${cpu.cores} cores`);
    this.requests.trace(requestsPerSecond);
    this.errors.trace(errorRate);
    this.p50.trace(latency.p50);
    this.p95.trace(latency.p95);
    this.p99.trace(latency.p99);
    this.cpu.trace(cpu.coresUsed);
    this.memory.trace(memory.residentBytes);
    this.showBusiness(business, timeZone);
  }

  private showBusiness(figures: DashboardDocument['business'], timeZone: string): void {
    byId('business-title').hidden = Object.keys(figures).length === 0;
    for (const [name, figure] of Object.entries(figures)) {
      let tile = this.business.get(name);
      if (tile === undefined) {
        tile = new Tile(name);
        this.business.set(name, tile);
        byId('business').append(tile.root);
      }
      tile.set(showExactly(figure.value, figure.unit), noteOf(figure, timeZone), figure.error === null ? '' : 'bad');
      tile.root.title = figure.description;
    }
  }
}

function noteOf({ error, since, description }: FigureValue, timeZone: string): string {
  if (error !== null) return error;
  return since === null ? description : `since ${timeIn(timeZone, since)}`;
}

/** The rate of requests for the title of the window; empty if it is unknown. */
export function requestRateText({ application }: DashboardDocument): string {
  const { requestsPerSecond } = application;
  return requestsPerSecond === null ? '' : `${showText(requestsPerSecond, 'perSecond')} · `;
}
