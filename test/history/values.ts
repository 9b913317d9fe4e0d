import fc from 'fast-check';

/** Tells the value of a column from the one before; `random` is between 0 and 1. */
export type Step = (before: number, random: number, index: number) => number;

const sometimes =
  (value: number): Step =>
  (before, random) =>
    random < 0.1 ? value : before;

/** How columns of metrics change, and some that only a test has. */
export const STEPS: Record<string, Step> = {
  nothing: () => 0,
  constant: (_, __, index) => (index < 0 ? 0 : 7),
  negativeZero: (_, random) => (random < 0.5 ? -0 : 0),
  slope: (before) => before + 3,
  counter: (before, random) => before + Math.floor(random * 5),
  busyCounter: (before, random) => before + Math.floor(random * 1e9),
  rareCounter: (before, random) => before + (random < 0.03 ? 1 : 0),
  resets: (before, random) => (random < 0.1 ? 0 : before + Math.floor(random * 100_000)),
  sum: (before, random) => before + random * random,
  cents: (_, random) => Math.round(random * 10_000) / 100,
  quantile: (before, random) => (random < 0.2 ? Number.NaN : before + random),
  restless: (_, random) => (random - 0.5) * 10 ** (600 * random - 300),
  gauge: (before, random) => before + Math.round((random - 0.5) * 20),
  infinities: sometimes(Number.POSITIVE_INFINITY),
  huge: (before, random) => (random < 0.5 ? -(2 ** 51) + 1 : random < 0.8 ? 2 ** 51 - 1 : before),
  tooHuge: (_, random) => (random < 0.5 ? 2 ** 53 : -(2 ** 62)),
  widest: (before, random) => before + (random < 0.5 ? 2 ** 32 - 1 : 0),
  tooWide: (before, random) => before + (random < 0.5 ? 2 ** 32 : 0),
  tiny: (_, random) => random * Number.MIN_VALUE * 5,
};

export const stepNames = Object.keys(STEPS);

/** Numbers of every kind that float64 has. */
export const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger(), fc.constantFrom(0, -0, Number.NaN));

/** A small random generator with a seed: xorshift32. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** How many independent events come in an interval in which `mean` of them are expected. */
export function poisson(mean: number, random: () => number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + normal(random) * Math.sqrt(mean)));
  const end = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > end; product *= random()) count++;
  return count;
}

/** A normally distributed number: Box-Muller. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
