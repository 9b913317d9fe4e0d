/** Milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  y: 365 * 86_400_000,
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
};

/** Go's durations are nanoseconds in 64 bits. */
const LONGEST = (2 ** 63 - 1) / 1e6;

/** Each unit once, the larger ones first. */
const DURATION = /^(?:0|(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?)$/;
const WITH_DECIMALS = /^(\d+\.\d+)(ms|[ywdhms])$/;

/**
 * Milliseconds of a duration as Prometheus reads it: `1h30m`, or `0`; undefined if the text is none, or it is longer
 * than 292 years.
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let sum = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|[ywdhms])/g)) sum += Number(digits) * UNITS[unit];
  return sum > LONGEST ? undefined : sum;
}

/** The same for the command line, where a single unit may have decimals: `1.5h`. */
export function parseDecimalDuration(text: string): number | undefined {
  const [, amount, unit] = WITH_DECIMALS.exec(text) ?? [];
  return unit === undefined ? parseDuration(text) : Number(amount) * UNITS[unit];
}

/** A duration as Prometheus writes it: `1h30m`. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.abs(milliseconds);
  let text = milliseconds < 0 ? '-' : '';
  for (const [unit, length] of Object.entries(UNITS)) {
    // a year is no whole number of weeks: `y` and `w` are used only if they divide the whole rest
    if (rest === 0 || ((unit === 'y' || unit === 'w') && rest % length !== 0)) continue;
    const count = Math.floor(rest / length);
    if (count > 0) text += `${count}${unit}`;
    rest %= length;
  }
  return text === '' ? '0s' : text;
}
