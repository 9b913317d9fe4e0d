/**
 * A number as Prometheus' API writes it, which is as Go's `strconv` does with the fewest digits: with an exponent below
 * 1e-6 and from 1e21 on, as JavaScript does, but with two digits in it at least; and with the sign of zero.
 */
export function sampleText(value: number): string {
  if (!Number.isFinite(value)) return special(value);
  return Object.is(value, -0) ? '-0' : twoDigits(String(value));
}

/** The same, always with an exponent. */
export function exponentText(value: number): string {
  if (!Number.isFinite(value)) return special(value);
  return twoDigits(Object.is(value, -0) ? '-0e+0' : value.toExponential());
}

function special(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function twoDigits(text: string): string {
  return text.at(-2) === '-' || text.at(-2) === '+' ? `${text.slice(0, -1)}0${text.at(-1)}` : text;
}
