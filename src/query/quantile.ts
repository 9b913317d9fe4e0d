/**
 * A quantile of some values, which it sorts, NaN first: between two of them it interpolates, weighing by distance.
 * Source: Prometheus documentation, "quantile_over_time()".
 */
export function quantileOf(quantile: number, values: Float64Array): number {
  return quantileOfSorted(quantile, values.sort());
}

/** The same of values that are sorted as typed arrays sort: NaN last. */
export function quantileOfSorted(quantile: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(quantile)) return Number.NaN;
  if (quantile < 0) return Number.NEGATIVE_INFINITY;
  if (quantile > 1) return Number.POSITIVE_INFINITY;
  let numbers = values.length;
  while (numbers > 0 && Number.isNaN(values[numbers - 1])) numbers--;
  const missing = values.length - numbers;
  values.copyWithin(missing, 0, numbers).fill(Number.NaN, 0, missing);
  const rank = quantile * (values.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(values.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return values[lower] * (1 - weight) + values[upper] * weight;
}
