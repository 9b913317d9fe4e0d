import fc from 'fast-check';
import { test } from 'tap';
import { SeriesSet } from '../../dist/src/instruments/series-set.js';

test('each id is new exactly once, whatever ids came before', (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(40), fc.nat(2 ** 20)), { maxLength: 200 }), (ids) => {
      const set = new SeriesSet();
      const known = new Set<number>();
      return ids.every((id) => {
        const isNew = !known.has(id);
        known.add(id);
        return set.add(id) === isNew;
      });
    }),
  );
  t.end();
});
