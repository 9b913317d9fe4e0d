import { test } from 'tap';
import { keep, keptBytes, MOST_KEPT_BYTES, touch } from '../../dist/src/query/kept.js';

const MINUTE = 60_000;

/** Something that can be forgotten, and made again when it is. */
function thing(bytes: number) {
  const one = {
    isKept: false,
    forget() {
      one.isKept = false;
    },
    /** Returns whether it had been kept. */
    use(now: number): boolean {
      const was = one.isKept;
      if (was) touch(one, now);
      else one.isKept = keep(one, bytes, now);
      return was;
    },
  };
  return one;
}

test('rules whose results exceed the cache do not each evict what the next one needs', (t) => {
  const rules = Array.from({ length: 100 }, () => thing(MOST_KEPT_BYTES / 32));
  const hits = [0, 1, 2, 3].map((round) =>
    rules.reduce((count, rule, at) => count + Number(rule.use(round * MINUTE + at)), 0),
  );
  t.same(hits, [0, 32, 32, 32], 'those that are kept stay');
  t.equal(keptBytes(), MOST_KEPT_BYTES);

  const others = Array.from({ length: 32 }, () => thing(MOST_KEPT_BYTES / 32));
  const later = 3 * MINUTE;
  t.notOk(others[0].use(later + 100) || others[0].isKept, 'a question that is asked once displaces none of them');
  for (const other of others) other.use(later + 3 * MINUTE);
  t.ok(
    others.every(({ isKept }) => isKept),
    'what has not been used for twice its interval makes room',
  );
  t.notOk(rules.some(({ isKept }) => isKept));
  t.equal(keptBytes(), MOST_KEPT_BYTES);
  t.notOk(keep(thing(0), MOST_KEPT_BYTES + 1, later + 9 * MINUTE), 'what never fits displaces nothing');
  t.ok(others.every(({ isKept }) => isKept));
  t.end();
});
