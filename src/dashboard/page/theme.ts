import { remembered } from './dom.js';

/** Loaded before anything is drawn, so that no page flashes in the other colours. */
apply(remembered('theme') ?? 'auto');

/** @param theme `light`, `dark`, or `auto`: as the system has it */
export function apply(theme: string): void {
  const { dataset } = document.documentElement;
  if (theme === 'auto') delete dataset.theme;
  else dataset.theme = theme;
}

/** Calls back when the system changes its colours. */
export function onSystemTheme(act: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', act);
}
