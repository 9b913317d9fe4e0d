const EXACT_DIGITS = 100;

/** `toFixed` with Go's rounding: half to even. */
export function fixed(value: number, digits: number): string {
  return evenTie(value.toFixed(EXACT_DIGITS), digits) ?? value.toFixed(digits);
}

/** `toExponential`, rounded the same way. */
export function exponential(value: number, digits: number): string {
  const [mantissa, exponent] = value.toExponential(EXACT_DIGITS).split('e');
  const even = evenTie(mantissa, digits);
  return even === undefined ? value.toExponential(digits) : `${even}e${exponent}`;
}

/**
 * Corrects JavaScript's rounding of halves away from zero: if exactly a half follows the wanted digits and the last of
 * them is even, returns them without rounding up.
 */
function evenTie(exact: string, digits: number): string | undefined {
  const kept = exact.slice(0, exact.indexOf('.') + 1 + digits).replace(/\.$/, '');
  const isTie = /^50*$/.test(exact.slice(exact.indexOf('.') + 1 + digits));
  return isTie && Number(kept.at(-1)) % 2 === 0 ? kept : undefined;
}
