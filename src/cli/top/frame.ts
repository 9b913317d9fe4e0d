import { printable } from '../../common/printable';
import { painter } from '../style';
import { processLine, threadsSection } from './process';
import type { ScrapePair } from './reading';
import { requestsSection } from './requests';
import type { Section } from './section';
import { type Alert, alertsSection, countersSection, seriesSection, storagesSection } from './sections';
import { duration } from './units';

export interface FrameSize {
  columns: number;
  rows: number;
}

/** The data of a frame. */
export interface View {
  target: string;
  /** Undefined before the first scrape. */
  reading?: ScrapePair;
  alerts: readonly Alert[];
  /** Why the last scrape failed. */
  problem?: string;
  /** Wall-clock milliseconds. */
  now: number;
}

/** Lines that fit a terminal. */
export function frameLines(view: View, { columns, rows }: FrameSize, isColoured = false): string[] {
  const paint = painter(isColoured);
  const lines = [paint('inverse', fit(headline(view, columns), columns).padEnd(columns))];
  if (view.problem) lines.push(...wrap(printable(view.problem), columns).map((line) => paint('red', line)));
  if (view.reading) {
    lines.push(fit(processLine(view.reading, view.now, columns), columns));
    for (const section of share(sectionsOf(view.reading, view), rows - lines.length)) {
      const [head, ...body] = table([section.head, ...section.rows], columns);
      lines.push('', paint('bold', head), ...body);
    }
  }
  return lines.slice(0, rows);
}

function headline({ target, reading, now }: View, columns: number): string {
  const time = new Date(now).toTimeString().slice(0, 8);
  const over = reading && !Number.isNaN(reading.elapsed) ? `over ${duration(reading.elapsed)}  ` : '';
  const right = `${over}${time}`;
  const left = `ringmeter top  ${printable(target)}`;
  return `${fit(left, Math.max(columns - right.length - 2, 10)).padEnd(columns - right.length)}${right}`;
}

function sectionsOf(reading: ScrapePair, { alerts, now }: View): Section[] {
  const sections = [
    alertsSection(alerts, now),
    threadsSection(reading),
    requestsSection(reading),
    storagesSection(reading, now),
    countersSection(reading),
    seriesSection(reading),
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

/** Lines of a section beside its rows: an empty line and the head. */
const AROUND = 2;

/** Gives each section its least rows if there is room, then distributes the remaining lines round-robin. */
function share(sections: readonly Section[], lines: number): Section[] {
  const given = sections.map(() => 0);
  let free = lines;
  sections.forEach(({ rows, least }, index) => {
    const wanted = Math.min(least, rows.length);
    if (free < AROUND + 1) return;
    given[index] = Math.min(wanted, free - AROUND);
    free -= given[index] + AROUND;
  });
  for (let before = -1; free > 0 && before !== free; ) {
    before = free;
    sections.forEach(({ rows, most }, index) => {
      if (free === 0 || given[index] === 0 || given[index] >= Math.min(rows.length, most)) return;
      given[index]++;
      free--;
    });
  }
  return sections
    .map((section, index) => ({ ...section, rows: section.rows.slice(0, given[index]) }))
    .filter(({ rows }) => rows.length > 0);
}

/** Aligns rows in columns: the first left-aligned, with the remaining width; the others right-aligned. */
function table(rows: readonly (readonly string[])[], columns: number): string[] {
  const safe = rows.map((row) => row.map(printable));
  const widths = safe[0].map((_, column) => Math.max(...safe.map((row) => row[column].length)));
  const others = widths.slice(1).reduce((sum, width) => sum + width + 2, 0);
  const room = Math.max(columns - others, 12);
  const first = Math.min(room, Math.max(widths[0], Math.min(44, room)));
  return safe.map(([head, ...cells]) =>
    fit(
      `${fit(head, first).padEnd(first)}${cells.map((cell, index) => `  ${cell.padStart(widths[index + 1])}`).join('')}`,
      columns,
    ),
  );
}

/** Lines that a message may take. */
const LONGEST_MESSAGE = 3;

function wrap(text: string, width: number): string[] {
  const lines = Math.min(Math.ceil(text.length / width), LONGEST_MESSAGE);
  return Array.from({ length: lines }, (_, line) => text.slice(line * width, (line + 1) * width));
}

/** Shortens long text in its middle, since names differ at both ends. */
function fit(text: string, width: number): string {
  if (text.length <= width) return text;
  const left = Math.ceil((width - 1) / 2);
  return `${text.slice(0, left)}…${text.slice(text.length - (width - 1 - left))}`;
}
