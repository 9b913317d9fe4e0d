/** What the demo writes: lines, with colours where there is a terminal. */
const colourful = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

const paint =
  (code: number) =>
  (text: string): string =>
    colourful ? `\u001b[${code}m${text}\u001b[0m` : text;

export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);

export const count = (value: number): string => value.toLocaleString('en-US');

export function duration(milliseconds: number): string {
  if (milliseconds >= 1_000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/** One line of the running display. */
export interface Row {
  seconds: number;
  /** Requests answered since the last row, per second. */
  rate: number;
  /** How long the service's own answer takes, or has been taking so far. */
  service: { milliseconds: number; waiting: boolean };
  /** Milliseconds of every scrape since the last row. */
  scrapes: readonly number[];
  answered: number;
  counted: number;
}

const COLUMNS = [7, 12, 20, 31, 17, 12] as const;

const columns = (cells: readonly string[]): string[] => cells.map((cell, index) => cell.padStart(COLUMNS[index]));

export function header(): string {
  const lines = [
    ['', 'answers', 'the service', '/metrics answered in (ms),', 'requests, says', 'requests,'],
    ['', 'per second', 'answers in', 'every scrape', 'load generator', 'says scrape'],
  ];
  return lines.map((line) => dim(columns(line).join(''))).join('\n');
}

export function row({ seconds, rate, service, scrapes, answered, counted }: Row): string {
  const time = duration(service.milliseconds);
  const [at, perSecond, serviceCell, scrapeCell, answeredCell, countedCell] = columns([
    `${seconds.toFixed(1)} s`,
    count(Math.round(rate)),
    service.waiting ? `no answer, ${time}` : time,
    scrapes.map((milliseconds) => milliseconds.toFixed(1).padStart(6)).join(' '),
    count(answered),
    count(counted),
  ]);
  return [
    dim(at),
    service.waiting ? red(perSecond) : perSecond,
    service.waiting ? bold(red(serviceCell)) : serviceCell,
    green(scrapeCell),
    answeredCell,
    countedCell,
  ].join('');
}
