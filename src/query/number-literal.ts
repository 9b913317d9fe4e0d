import { parseDecimal } from '../common/parse-float';

/** A number of PromQL, which tries an integer first: `0x1f` is hexadecimal, `017` octal. undefined if it is none. */
export function readNumber(text: string): number | undefined {
  const [, sign, hexadecimal, octal] = /^([+-]?)(?:(0x[0-9a-f]+)|0([0-7]+))$/i.exec(text) ?? [];
  if (sign === undefined) return parseDecimal(text);
  const value = hexadecimal === undefined ? Number.parseInt(octal, 8) : Number(hexadecimal);
  return sign === '-' ? -value : value;
}
