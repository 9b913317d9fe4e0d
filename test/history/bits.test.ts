import fc from 'fast-check';
import { test } from 'tap';
import { BitReader, BitWriter } from '../../dist/src/history/bits.js';
import { SEED } from '../instruments/support';

const bits = fc
  .integer({ min: 0, max: 32 })
  .chain((width) => fc.record({ width: fc.constant(width), value: fc.integer({ min: 0, max: 2 ** width - 1 }) }));
const varint = fc.record({ varint: fc.integer({ min: -(2 ** 52) + 1, max: 2 ** 52 - 1 }) });

test(`what was written is read again, bit by bit and byte by byte (RINGMETER_SEED=${SEED})`, async (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 5, arbitrary: bits }, varint), { maxLength: 400 }), (items) => {
      const out = new BitWriter();
      for (const item of items) {
        out.reserve(16);
        if ('width' in item) out.bits(item.value, item.width);
        else {
          out.align();
          out.varint(item.varint);
        }
      }
      out.align();
      const total = out.length;
      out.reserve(8);
      const reader = new BitReader(out.bytes.buffer);
      for (const item of items) {
        if (!('width' in item)) reader.position = Math.ceil(reader.position / 8) * 8;
        const read = 'width' in item ? reader.bits(item.width) : reader.varint();
        const written = 'width' in item ? item.value : item.varint;
        if (read !== written) throw new Error(`${read} instead of ${written}`);
      }
      return Math.ceil(reader.position / 8) === total;
    }),
    { seed: SEED, numRuns: 300 },
  );
  t.pass();
});

test('integers take the bytes that their digits need', async (t) => {
  for (const [value, bytes] of [
    [0, 1],
    [63, 1],
    [-64, 1],
    [64, 2],
    [-8192, 2],
    [8192, 3],
    [2 ** 31, 5],
    [-(2 ** 52) + 1, 8],
  ]) {
    const out = new BitWriter();
    out.varint(value);
    t.equal(out.length, bytes, `${value}`);
    t.equal(new BitReader(out.bytes.buffer).varint(), value);
  }
});
