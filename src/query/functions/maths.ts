import type { Block, Column } from '../block';
import type { Memory } from '../memory';

/** A function of one value. `a` and `b` are the function's parameters at the step. */
type ValueFunction = (value: number, a: number, b: number) => number;

/** Go's `math.Max`: NaN if either value is NaN, unless the other one is +Inf. */
export function larger(a: number, b: number): number {
  return a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.max(a, b);
}

export function smaller(a: number, b: number): number {
  return a === Number.NEGATIVE_INFINITY || b === Number.NEGATIVE_INFINITY ? Number.NEGATIVE_INFINITY : Math.min(a, b);
}

export const VALUE_FUNCTIONS: Readonly<Record<string, ValueFunction>> = {
  abs: Math.abs,
  acos: Math.acos,
  acosh: Math.acosh,
  asin: Math.asin,
  asinh: Math.asinh,
  atan: Math.atan,
  atanh: Math.atanh,
  ceil: Math.ceil,
  clamp: (value, least, most) => larger(least, smaller(most, value)),
  clamp_max: (value, most) => smaller(most, value),
  clamp_min: (value, least) => larger(least, value),
  cos: Math.cos,
  cosh: Math.cosh,
  deg: (value) => (value * 180) / Math.PI,
  exp: Math.exp,
  floor: Math.floor,
  ln: Math.log,
  log10: Math.log10,
  log2: Math.log2,
  rad: (value) => (value * Math.PI) / 180,
  round: (value, nearest) => {
    const inverse = 1 / nearest;
    return Math.floor(value * inverse + 0.5) / inverse;
  },
  sgn: (value) => (value < 0 ? -1 : value > 0 ? 1 : value),
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
};

/** Applies a function to all values, in place. Parameters that are left out are 1. */
export async function mapValues(name: string, block: Block, [a, b]: readonly Column[], memory: Memory): Promise<Block> {
  await mapCells(block, VALUE_FUNCTIONS[name], [a, b]);
  if (name !== 'clamp') return block.unnamed(memory);
  // contradictory bounds remove all values
  await block.eachCells((from, to, first) => {
    for (let cell = from; cell < to; cell++) if (a[cell - first] > b[cell - first]) block.present[cell] = 0;
  });
  return block.unnamed(memory);
}

export async function mapCells(
  block: Block,
  apply: ValueFunction,
  [a, b]: readonly Column[] = [],
  work = 5,
): Promise<void> {
  const { values } = block;
  await block.eachCells((from, to, first) => {
    for (let cell = from; cell < to; cell++)
      values[cell] = apply(values[cell], a === undefined ? 1 : a[cell - first], b === undefined ? 1 : b[cell - first]);
  }, work);
}
