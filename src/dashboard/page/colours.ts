let probe: HTMLElement | undefined;
let known = new Map<string, string>();

/** The value of a colour property in the current theme: a canvas cannot resolve `var()`. */
export function colour(name: string): string {
  let value = known.get(name);
  if (value === undefined) {
    probe ??= document.body.appendChild(document.createElement('i'));
    probe.hidden = true;
    probe.style.color = `var(--${name})`;
    value = getComputedStyle(probe).color;
    known.set(name, value);
  }
  return value;
}

/** Call when the theme has changed. */
export function forgetColours(): void {
  known = new Map();
}

const SERIES = 6;

/** The colour property of a chart's line. */
export function seriesColour(index: number): string {
  return `s${(index % SERIES) + 1}`;
}

const HEAT = ['heat1', 'heat2', 'heat3', 'heat4'] as const;

/** @param share 0 to 1 */
export function heat(share: number): string {
  const at = Math.min(Math.max(share, 0), 1) * (HEAT.length - 1);
  const index = Math.min(Math.floor(at), HEAT.length - 2);
  return mix(channels(colour(HEAT[index])), channels(colour(HEAT[index + 1])), at - index);
}

function channels(text: string): number[] {
  return (text.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
}

function mix(one: readonly number[], other: readonly number[], share: number): string {
  return `rgb(${one.map((value, index) => Math.round(value + (other[index] - value) * share)).join(' ')})`;
}
