import { test } from 'tap';
import { backoff } from '../../dist/src/delivery/backoff.js';
import { resolveDelivery } from '../../dist/src/delivery/delivery-options.js';

test('delays double from the first to the longest, less a random part of up to a half', async (t) => {
  const delivery = resolveDelivery('x', { retry: { firstDelay: 100, longestDelay: 1_500 } }, 0);
  for (const [failures, most] of [
    [1, 100],
    [2, 200],
    [3, 400],
    [4, 800],
    [5, 1_500],
    [6, 1_500],
    [5_000, 1_500],
  ]) {
    const delays = Array.from({ length: 200 }, () => backoff(delivery, failures));
    t.ok(Math.max(...delays) <= most);
    t.ok(Math.min(...delays) >= most / 2);
    t.ok(Math.max(...delays) - Math.min(...delays) > most / 4, 'they are spread');
  }
});
