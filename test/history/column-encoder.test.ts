import fc from 'fast-check';
import { test } from 'tap';
import { BitReader, BitWriter } from '../../dist/src/history/bits.js';
import { LONGEST_BLOCK } from '../../dist/src/history/column-code.js';
import { ColumnDecoder } from '../../dist/src/history/column-decoder.js';
import { ColumnEncoder } from '../../dist/src/history/column-encoder.js';
import { SEED } from '../instruments/support';
import { anyNumber, randomFrom, STEPS, stepNames } from './values';

const encoder = new ColumnEncoder();

/** Encodes and decodes; throws if anything differs. Returns how many bytes it took. */
function roundTrip(values: readonly number[]): number {
  const out = new BitWriter();
  out.length = 5;
  encoder.values.set(values);
  encoder.encode(values.length, out);
  const length = out.length - 5;
  out.reserve(8);
  const reader = new BitReader(out.bytes.buffer);
  reader.position = 40;
  const into = new Float64Array(values.length + 2).fill(99);
  new ColumnDecoder().decode(reader, length, values.length, into, 1);
  const decoded = [...into.subarray(1, values.length + 1)];
  if (decoded.some((value, index) => !Object.is(value, values[index]))) throw new Error(`${decoded} of ${values}`);
  if (into[0] !== 99 || into[values.length + 1] !== 99) throw new Error('more was written than there is');
  if (length > 255) throw new Error(`${length} bytes for ${values.length} values`);
  return length;
}

test(`any numbers are decoded unchanged (RINGMETER_SEED=${SEED})`, async (t) => {
  fc.assert(
    fc.property(fc.array(anyNumber, { minLength: 1, maxLength: LONGEST_BLOCK }), (values) => roundTrip(values) <= 241),
    { seed: SEED, numRuns: 3_000 },
  );
  t.pass();
});

test(`values as metrics have them are decoded unchanged, in blocks of any length (RINGMETER_SEED=${SEED})`, async (t) => {
  const random = randomFrom(SEED);
  for (const name of stepNames)
    for (let round = 0; round < 200; round++) {
      let value = round % 2 === 0 ? 0 : Math.floor(random() * 1e6);
      const values = Array.from({ length: 1 + Math.floor(random() * LONGEST_BLOCK) }, (_, index) => {
        value = STEPS[name](value, random(), index);
        return value;
      });
      roundTrip(values);
    }
  t.pass();
});

test('blocks of typical values take the expected number of bytes', async (t) => {
  const block = (value: (index: number) => number): number[] =>
    Array.from({ length: LONGEST_BLOCK }, (_, i) => value(i));
  const sum = (index: number): number => 100 + index * 0.037;
  for (const [name, values, bytes] of [
    ['zeros', block(() => 0), 0],
    ['a small constant', block(() => 5), 2],
    ['any constant', block(() => 0.1), 9],
    ['NaN', block(() => Number.NaN), 9],
    ['-0', block(() => -0), 9],
    ['an even slope', block((index) => 1000 + index * 50), 4],
    ['0 or 1 more each time', block((index) => 1000 + Math.floor(index / 2)), 8],
    ['0 to 3 more each time', block((index) => 1000 + index + (index % 3)), 12],
    ['a reset among small steps', block((index) => (index < 9 ? 1e8 + index : index)), 95],
    ['a sum of fractions', block(sum), 205],
    ['noise', block((index) => Math.sin(index) * 10 ** (index * 9 - 130)), 241],
  ] as const) {
    const taken = roundTrip(values);
    t.ok(taken <= bytes, `${name}: ${taken} bytes, not more than ${bytes}`);
  }
});

test('integers are written as such up to 2^51, and in differences of up to 32 bits', async (t) => {
  t.equal(roundTrip([2 ** 51 - 1, 2 ** 51 - 1]), 9, 'one code, eight bytes');
  t.equal(roundTrip([2 ** 51, 2 ** 51]), 9);
  t.equal(roundTrip([0, 2 ** 32 - 1, 2 ** 32 - 1]), 1 + 1 + 1 + 8);
  t.ok(roundTrip([0, 2 ** 32, 2 ** 32]) > 11);
  roundTrip([-(2 ** 51) + 1, 2 ** 51 - 1]);
});
