import { RingmeterError, shown } from '../common/errors';

/** Limited, since each quantile takes a column per series in every snapshot; the limit on cells does not apply. */
const MAX_QUANTILES = 100;

/** @throws RingmeterError RINGMETER_INVALID_OPTION */
export function checkQuantiles(name: string, quantiles: unknown = [0.5, 0.9, 0.95, 0.99]): number[] {
  const fits =
    Array.isArray(quantiles) &&
    quantiles.length <= MAX_QUANTILES &&
    Array.from(quantiles).every((q) => typeof q === 'number' && q >= 0 && q <= 1);
  if (fits && new Set(quantiles).size === quantiles.length) return [...quantiles].sort((a, b) => a - b);
  throw new RingmeterError(
    'RINGMETER_INVALID_OPTION',
    `quantiles of ${name} must be at most ${MAX_QUANTILES} distinct numbers from 0 to 1, got ${shownList(quantiles)}`,
  );
}

function shownList(list: unknown): string {
  return Array.isArray(list) && list.length <= MAX_QUANTILES ? `[${list.map(shown).join(', ')}]` : shown(list);
}
