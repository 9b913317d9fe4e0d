/** More than the longest day, which is 25 hours where clocks are set back. */
const LONGEST_DAY_MS = 26 * 3_600_000;
/** Shortest range of `$today`: a range must not be empty. */
const SHORTEST_MS = 1_000;

const TODAY = /\$today\b/g;

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * The beginning of the present day in a time zone, in wall-clock milliseconds. Found by the date, since DST changes
 * make days of 23 or 25 hours, and a change at midnight makes a day begin at one o'clock.
 */
export function midnight(timeZone: string, now: number): number {
  const date = dateIn(timeZone, now);
  let before = now - LONGEST_DAY_MS;
  let first = now;
  while (first - before > 1) {
    const between = Math.floor((before + first) / 2);
    if (dateIn(timeZone, between) === date) first = between;
    else before = between;
  }
  return first;
}

/** Whether an expression contains `$today`. */
export function mentionsToday(expression: string): boolean {
  return expression.search(TODAY) >= 0;
}

/** @param sinceMidnight milliseconds */
export function expandToday(expression: string, sinceMidnight: number): string {
  return expression.replace(TODAY, `${Math.max(Math.round(sinceMidnight), SHORTEST_MS)}ms`);
}

function dateIn(timeZone: string, time: number): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    formats.set(timeZone, format);
  }
  return format.format(time);
}
