import { element } from './dom.js';

/** A part of the page with a heading. */
export class Panel {
  readonly root: HTMLElement;
  readonly head: HTMLElement;
  readonly body = element('div');

  /** @param name the id of its element is `panel-NAME` */
  constructor(name: string, title: string, className = '') {
    const heading = element('h2', { id: `title-${name}` }, title);
    this.head = element('header', {}, heading);
    this.root = element(
      'section',
      { class: `panel ${className}`.trim(), id: `panel-${name}`, 'aria-labelledby': heading.id },
      this.head,
      this.body,
    );
  }
}
