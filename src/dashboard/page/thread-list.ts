import type { DashboardDocument } from '#dashboard/document';
import { element, setText } from './dom.js';

/** The threads that record, and whether their event loops turn. */
export class ThreadList {
  readonly root = element('ul', { class: 'threads', 'aria-label': 'Threads' });
  private readonly shown = new Map<string, HTMLElement>();

  show({ threads }: DashboardDocument['system']): void {
    const names = new Set(threads.map(({ name }) => name));
    for (const [name, item] of this.shown)
      if (!names.has(name)) {
        item.parentElement?.remove();
        this.shown.delete(name);
      }
    for (const { name, stalledSeconds } of threads) {
      const item = this.item(name);
      item.dataset.tone = stalledSeconds > 0 ? 'bad' : 'good';
      setText(item, `${name} ${stalledSeconds > 0 ? 'stalled' : 'turns'}`);
    }
  }

  private item(name: string): HTMLElement {
    let item = this.shown.get(name);
    if (item === undefined) {
      item = element('span', { class: 'tag' });
      this.shown.set(name, item);
      this.root.append(element('li', {}, item));
    }
    return item;
  }
}
