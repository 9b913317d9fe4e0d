import { element } from './dom.js';

type Cell = string | Node;

export interface Column {
  title: string;
  isNumber?: boolean;
  /** Whether the text of the column is never wrapped. */
  isShort?: boolean;
}

/** @param caption for screen readers: what the table shows */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Cell[])[]): HTMLElement {
  const classOf = (index: number): string | undefined => {
    const { isNumber, isShort } = columns[index];
    return isNumber ? 'number' : isShort ? 'short' : undefined;
  };
  const head = columns.map(({ title }, index) => element('th', { scope: 'col', class: classOf(index) }, title));
  const body = rows.map((row) =>
    element('tr', {}, ...row.map((cell, index) => element('td', { class: classOf(index) }, cell))),
  );
  return element(
    'table',
    {},
    element('caption', { class: 'unseen' }, caption),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...body),
  );
}

/** An element that scrolls longer content, also by keyboard. It keeps its focus when the content is replaced. */
export class Scroller {
  readonly root: HTMLElement;

  constructor(private readonly label: string) {
    this.root = element('div', { class: 'scroll' });
  }

  show(content: HTMLElement): void {
    const { root } = this;
    root.replaceChildren(content);
    if (root.scrollHeight <= root.clientHeight + 1) {
      for (const name of ['tabindex', 'role', 'aria-label']) root.removeAttribute(name);
      return;
    }
    root.tabIndex = 0;
    root.setAttribute('role', 'region');
    root.setAttribute('aria-label', this.label);
  }
}
