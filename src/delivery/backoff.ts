import type { ResolvedDelivery } from './delivery-options';

/**
 * How long to wait after so many failures in a row, in milliseconds: it doubles with each, up to the longest; a random
 * part of up to a half is left out, so that many processes do not come back at once.
 */
export function backoff({ firstDelay, longestDelay }: ResolvedDelivery, failures: number): number {
  return Math.min(firstDelay * 2 ** (failures - 1), longestDelay) * (1 - Math.random() / 2);
}
