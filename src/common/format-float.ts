/**
 * Floats as text, as Prometheus and Go's `strconv.FormatFloat` write them. `digits` left out: the shortest digits that
 * read back as the same number; otherwise halves are rounded to even.
 */

/** NaN and infinities: in all formats alike. */
export type NonFinite = 'NaN' | '+Inf' | '-Inf';

/** Most digits that JavaScript's own functions take. */
const MOST_DIGITS = 100;
/** Numbers from here on are whole, and `toFixed` writes them with an exponent. */
const WHOLE = 1e21;

/** As JSON shows numbers: it has no NaN and no infinities. */
export function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

export function formatNonFinite(value: number): NonFinite {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

/** As the text formats show values and the labels `le` and `quantile`: JavaScript's digits, Prometheus' infinities. */
export function formatNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : formatNonFinite(value);
}

/** As Prometheus' HTTP API shows values: with an exponent below 1e-6 and from 1e21 on. */
export function formatSample(value: number): string {
  const size = Math.abs(value);
  return size >= WHOLE || (size < 1e-6 && size > 0) ? formatExponent(value) : formatFixed(value);
}

/** Go's format `e`: always with an exponent. */
export function formatExponent(value: number, digits?: number): string {
  return withSign(value, (size) => {
    const [mantissa, exponent] = exponential(size, digits).split('e');
    return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
  });
}

/** Go's format `f`: never with an exponent. */
export function formatFixed(value: number, digits?: number): string {
  return withSign(value, (size) => {
    if (digits !== undefined) return fixed(size, Math.min(digits, MOST_DIGITS));
    const text = String(size);
    if (!text.includes('e')) return text;
    const [, whole, fraction = '', exponent] = /^(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text)!;
    const power = Number(exponent);
    return power < 0 ? `0.${'0'.repeat(-power - 1)}${whole}${fraction}` : whole + fraction.padEnd(power, '0');
  });
}

/** Go's format `g`: an exponent below 1e-4 and from 10 ** digits (1e6 if left out) on, no zeros at the end. */
export function formatGeneral(value: number, digits?: number): string {
  if (!Number.isFinite(value)) return formatNonFinite(value);
  const precision = digits === undefined ? undefined : Math.max(digits, 1);
  const [, exponent] = exponential(Math.abs(value), precision && precision - 1).split('e');
  if (Number(exponent) < -4 || Number(exponent) >= (precision ?? 6))
    return formatExponent(value, precision && precision - 1).replace(/\.?0*e/, 'e');
  const text = formatFixed(value, precision && precision - 1 - Number(exponent));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Writes the sign by itself, that of zero too. */
function withSign(value: number, show: (size: number) => string): string {
  if (!Number.isFinite(value)) return formatNonFinite(value);
  return value < 0 || Object.is(value, -0) ? `-${show(Math.abs(value))}` : show(value);
}

function fixed(size: number, digits: number): string {
  if (size >= WHOLE) return BigInt(size) + (digits > 0 ? `.${'0'.repeat(digits)}` : '');
  return evenTie(size.toFixed(MOST_DIGITS), digits) ?? size.toFixed(digits);
}

function exponential(size: number, given: number | undefined): string {
  if (given === undefined) return size.toExponential();
  const digits = Math.min(given, MOST_DIGITS);
  const [mantissa, exponent] = size.toExponential(MOST_DIGITS).split('e');
  const even = evenTie(mantissa, digits);
  return even === undefined ? size.toExponential(digits) : `${even}e${exponent}`;
}

/**
 * Corrects JavaScript's rounding of halves away from zero: if exactly a half follows the wanted digits and the last of
 * them is even, returns them without rounding up.
 */
function evenTie(exact: string, digits: number): string | undefined {
  const end = exact.indexOf('.') + 1 + digits;
  const kept = exact.slice(0, end).replace(/\.$/, '');
  return /^50*$/.test(exact.slice(end)) && Number(kept.at(-1)) % 2 === 0 ? kept : undefined;
}
