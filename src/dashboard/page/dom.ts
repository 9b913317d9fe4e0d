type Child = Node | string;

/** An element with attributes; those that are undefined are left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The element of the page that has this id. */
export function byId(id: string): HTMLElement {
  return document.getElementById(id)!;
}

/** Sets text only where it is another: what reads the page aloud hears of changes. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** What fits between other words as it stands in a chart: fewer words than `setText` of a whole list would replace. */
export function replaceChildren(target: Element, children: readonly Child[]): void {
  target.replaceChildren(...children);
}

/** What was chosen before, on this machine, of one thing that can be chosen. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`ringmeter-${key}`);
  } catch {
    return null;
  }
}

/** Where nothing can be kept, the choice lasts as long as the page. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`ringmeter-${key}`, value);
  } catch {}
}
