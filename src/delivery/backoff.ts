import type { ResolvedDelivery } from './delivery-options';

/**
 * Exponential backoff: milliseconds to wait after so many failures in a row, doubled with each up to the longest delay.
 * Random jitter subtracts up to a half, so that many processes do not retry at the same time.
 */
export function backoff({ firstDelay, longestDelay }: ResolvedDelivery, failures: number): number {
  return Math.min(firstDelay * 2 ** (failures - 1), longestDelay) * (1 - Math.random() / 2);
}
