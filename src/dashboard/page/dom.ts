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

/** Sets text only if it differs: screen readers announce every change. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** Replaces the children of an element: screen readers announce less than if `setText` replaced a whole list. */
export function replaceChildren(target: Element, children: readonly Child[]): void {
  target.replaceChildren(...children);
}

/** The last choice of the user in this browser for one setting. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`ringmeter-${key}`);
  } catch {
    return null;
  }
}

/** Without local storage the choice lasts as long as the page. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`ringmeter-${key}`, value);
  } catch {}
}
