import fc from 'fast-check';
import { test } from 'tap';
import { writeNumber } from '../../dist/src/exposition/number-text.js';
import { TextBuffer } from '../../dist/src/exposition/text-buffer.js';

test('a buffer that grows keeps its content, whatever is appended', (t) => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((bytes) => ({ kind: 'copy' as const, bytes })),
    fc.maxSafeInteger().map((value) => ({ kind: 'number' as const, value })),
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
          buffer.number(one.value, writeNumber);
          expected.push(Buffer.from(String(one.value)));
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
