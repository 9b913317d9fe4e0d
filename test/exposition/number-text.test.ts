import fc from 'fast-check';
import { test } from 'tap';
import { writeNumber } from '../../dist/src/exposition/number-text.js';
import { TextBuffer } from '../../dist/src/exposition/text-buffer.js';
import { parseNumber } from '../helpers/parse-exposition';

/** A number as the buffer writes it, begun with too little room so that it has to grow. */
function written(value: number): string {
  const buffer = new TextBuffer(1);
  buffer.number(value, writeNumber);
  return Buffer.from(buffer.content()).toString('latin1');
}

test('every double reads back as the same number', (t) => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      const back = parseNumber(written(value));
      // the format has no use for the sign of zero
      return Object.is(back, value === 0 ? 0 : value);
    }),
    { numRuns: 5_000 },
  );
  t.end();
});

test('every integer up to 2^53 is written digit by digit as String writes it', (t) => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => written(value) === String(value)),
    { numRuns: 5_000 },
  );
  t.end();
});

test('integers at the edges of digit counts and of 32 bits are exact', (t) => {
  const edges = [0, 1, 9, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 53 + 2];
  const powers = Array.from({ length: 22 }, (_, exponent) => 10 ** exponent).flatMap((p) => [p - 1, p, p + 1]);
  for (const value of [...edges, ...powers]) t.equal(parseNumber(written(value)), value, String(value));
  t.end();
});

test('decimals are written as String writes them', (t) => {
  const short = fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.nat(9)).map(([n, e]) => n / 10 ** e);
  const edges = [1e-6, 1e-7, 123456.789012, 999999999.999999, -0.5, 0.1 + 0.2, 1e9 + 0.000001, 1e15 / 1e6];
  for (const value of edges) t.equal(written(value), String(value));
  fc.assert(
    fc.property(fc.oneof(short, fc.double({ min: -1e9, max: 1e9, noNaN: true })), (value) =>
      Object.is(value, -0) ? written(value) === '0' : written(value) === String(value),
    ),
    { numRuns: 5_000 },
  );
  t.end();
});

test('NaN and infinities are written as Prometheus reads them', (t) => {
  t.equal(written(Number.NaN), 'NaN');
  t.equal(written(Number.POSITIVE_INFINITY), '+Inf');
  t.equal(written(Number.NEGATIVE_INFINITY), '-Inf');
  t.equal(written(-0), '0');
  t.end();
});
