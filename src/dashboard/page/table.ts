import { element } from './dom.js';

type Cell = string | Node;

export interface Column {
  title: string;
  isNumber?: boolean;
  /** Is never broken into lines. */
  isShort?: boolean;
}

/** @param caption what it is, for those who do not see where it stands */
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

/** A place that scrolls where its content is longer, also with the keyboard. It stays, with its focus, what it shows. */
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
