import fc from 'fast-check';
import { test } from 'tap';
import { TextBuffer } from '../../dist/src/exposition/text-buffer.js';
import { parseNumber } from '../helpers/parse-exposition';

/** A number as the buffer writes it, begun with too little room so that it has to grow. */
function written(value: number): string {
  const buffer = new TextBuffer(1);
  buffer.number(value);
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

test('what is no finite number is written as Prometheus reads it', (t) => {
  t.equal(written(Number.NaN), 'NaN');
  t.equal(written(Number.POSITIVE_INFINITY), '+Inf');
  t.equal(written(Number.NEGATIVE_INFINITY), '-Inf');
  t.equal(written(-0), '0');
  t.end();
});

test('a buffer that grows keeps what it has, whatever is appended', (t) => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ kind: 'copy' as const, bytes })),
    fc.maxSafeInteger().map((value) => ({ kind: 'number' as const, value })),
    fc.stringMatching(/^[ -~]{0,20}$/).map((text) => ({ kind: 'ascii' as const, text })),
    fc.nat(255).map((code) => ({ kind: 'byte' as const, code })),
  );
  fc.assert(
    fc.property(fc.array(part), fc.nat(64), (parts, capacity) => {
      const buffer = new TextBuffer(capacity);
      const expected: Buffer[] = [];
      for (const one of parts) {
        if (one.kind === 'copy') {
          buffer.copy(one.bytes, 0, one.bytes.length);
          expected.push(Buffer.from(one.bytes));
        } else if (one.kind === 'number') {
          buffer.number(one.value);
          expected.push(Buffer.from(String(one.value)));
        } else if (one.kind === 'ascii') {
          buffer.ascii(one.text);
          expected.push(Buffer.from(one.text));
        } else {
          buffer.byte(one.code);
          expected.push(Buffer.from([one.code]));
        }
      }
      return Buffer.concat(expected).equals(buffer.content());
    }),
  );
  t.end();
});
