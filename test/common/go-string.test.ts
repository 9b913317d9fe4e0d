import fc from 'fast-check';
import { test } from 'tap';
import { formatLabels, quote, unquote } from '../../dist/src/common/go-string.js';

test('strings are quoted as Go quotes them', async (t) => {
  for (const [text, literal] of [
    ['', '""'],
    ['a "b" \\', '"a \\"b\\" \\\\"'],
    ["it's", '"it\'s"'],
    ['\n\t\r\u0007\b\f\v', '"\\n\\t\\r\\a\\b\\f\\v"'],
    ['\0\u001b\u007f', '"\\x00\\x1b\\x7f"'],
    ['\u0085\u00a0\u00ad\u200b\u2028\u202e', '"\\u0085\\u00a0\\u00ad\\u200b\\u2028\\u202e"'],
    ['é 日 😀', '"é 日 😀"'],
    ['\u{e0001}', '"\\U000e0001"'],
    ['\ud800', '"\ufffd"'],
  ] as const) {
    t.equal(quote(text), literal, literal);
    t.equal(unquote(literal), text.toWellFormed(), `${literal}, read`);
  }
  t.equal(formatLabels(Object.entries({ a: 'x"y', b: '' })), 'a="x\\"y",b=""');
});

test('what is quoted is read as the same text', async () => {
  const text = fc.string({ unit: 'binary' });
  fc.assert(fc.property(text, (one) => unquote(quote(one)) === one.toWellFormed()));
});

test('strings are read as Go reads them', async (t) => {
  for (const [literal, text] of [
    ['"\\x41\\101\\u00e9\\U0001F600\\"\'"', 'AAé😀"\''],
    ["'it\\'s'", "it's"],
    ['"\\xc3\\xa9"', 'é'],
    ['`a\\n"`', 'a\\n"'],
  ] as const)
    t.equal(unquote(literal), text, literal);
  for (const literal of ['"', '"a', '"\\d"', '"\\\'"', '"\\u12"', '"\\ud800"', '"\\U00110000"', '"\\400"', '"a\nb"'])
    t.equal(unquote(literal), undefined, literal);
});
