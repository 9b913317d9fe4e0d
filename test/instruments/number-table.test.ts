import { test } from 'tap';
import { NumberTable } from '../../dist/src/instruments/number-table.js';

test('a table returns the stored numbers, whatever the order of the keys, and 0 for other keys', (t) => {
  const table = new NumberTable();
  t.equal(table.get(0), 0);
  const keys = [3, 0, 100_000, 15, 16, 17, 99_999];
  for (const [place, key] of keys.entries()) table.set(key, place - 3);
  t.same(
    keys.map((key) => table.get(key)),
    keys.map((_, place) => place - 3),
  );
  for (const key of [1, 14, 18, 100_001, 2 ** 31 - 1]) t.equal(table.get(key), 0, String(key));
  t.end();
});
