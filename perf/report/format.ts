import type { Spread } from '../measure/statistics';

export const NOTHING = '–';

/** Three digits that count. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  if (size >= 10) return value.toFixed(1);
  if (size >= 0.01 || size === 0) return value.toFixed(2);
  return value.toPrecision(2);
}

/** The median, and in brackets the fastest and the slowest repetition if there were several. */
export function withSpread(value: Spread | undefined, scale = 1): string {
  if (value === undefined) return NOTHING;
  const [median, min, max] = [value.median, value.min, value.max].map((one) => digits(one * scale));
  return min === max ? median : `${median} (${min}–${max})`;
}

export function times(value: Spread | undefined): string {
  return value === undefined ? NOTHING : `${digits(value.median)} ×`;
}

export function count(value: number): string {
  return value.toLocaleString('en');
}

/** `1,000 counters`. */
export function plural(number: number, kind: string): string {
  return `${count(number)} ${kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`}`;
}

/** A table in markdown: the first column to the left, the others to the right. */
export function table([heading, ...body]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  const rule = heading.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(heading), `| ${rule.join(' | ')} |`, ...body.map(line)].join('\n');
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|');
}
