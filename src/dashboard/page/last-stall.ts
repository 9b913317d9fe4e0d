import type { DashboardDocument } from '#dashboard/document';
import { element, setText } from './dom.js';
import { timeOfDay } from './format.js';

/** Shows the stack of the last stall. */
export class LastStallView {
  readonly root: HTMLDetailsElement;
  private readonly summary = element('summary');
  private readonly stack = element('pre', { class: 'code stack' });

  constructor() {
    this.root = element('details', { class: 'data' }, this.summary, this.stack);
    this.root.hidden = true;
  }

  show({ lastStall }: DashboardDocument['system']): void {
    this.root.hidden = lastStall === null;
    if (lastStall === null) return;
    const { thread, seconds, at, stack } = lastStall;
    setText(this.summary, `Last stall: ${thread}, ${seconds.toFixed(1)} s, at ${timeOfDay(at)}`);
    setText(this.stack, stack);
  }
}
