import { test } from 'tap';
import { parseExposition, sampleValue } from '../helpers/parse-exposition';

const HISTOGRAM = [
  '# TYPE h histogram',
  'h_bucket{le="1"} 1',
  'h_bucket{le="2"} 3',
  'h_bucket{le="+Inf"} 3',
  'h_sum 4',
  'h_count 3',
];

function parse(...lines: string[]) {
  return parseExposition(Buffer.from(lines.map((line) => `${line}\n`).join('')));
}

function without(text: string): string[] {
  return HISTOGRAM.filter((line) => !line.startsWith(text));
}

function instead(text: string, other: string): string[] {
  return HISTOGRAM.map((line) => (line.startsWith(text) ? other : line));
}

test('the parser of the other tests reads what the format defines', (t) => {
  const families = parse(
    '# HELP a_total back\\\\slash, line\\nfeed, "quotes"',
    '# TYPE a_total counter',
    'a_total{x="q\\"b\\\\n\\n}, "} 3',
    'a_total{x=""} 1e+21',
    '# TYPE s summary',
    's{quantile="0.5"} NaN',
    's_sum -Inf',
    's_count 0',
    ...HISTOGRAM,
  );
  t.equal(families[0].help, 'back\\slash, line\nfeed, "quotes"');
  t.equal(sampleValue(families, 'a_total', { x: 'q"b\\n\n}, ' }), 3);
  t.equal(sampleValue(families, 'a_total'), 1e21);
  t.equal(sampleValue(families, 's_sum'), Number.NEGATIVE_INFINITY);
  t.equal(sampleValue(families, 'h_bucket', { le: '+Inf' }), 3);
  t.equal(sampleValue(families, 'h_bucket', { le: '3' }), undefined);
  t.same(
    families.map(({ name, type }) => `${name} ${type}`),
    ['a_total counter', 's summary', 'h histogram'],
  );
  t.end();
});

const wrong: Record<string, string[]> = {
  'a line before its TYPE': ['a 1', '# TYPE a counter'],
  'HELP after TYPE': ['# TYPE a counter', '# HELP a x', 'a 1'],
  'HELP twice': ['# HELP a x', '# HELP a x', '# TYPE a counter', 'a 1'],
  'TYPE twice': ['# TYPE a counter', '# TYPE a counter', 'a 1'],
  'HELP of another metric': ['# HELP b x', '# TYPE a counter', 'a 1'],
  'HELP alone at the end': ['# TYPE a counter', 'a 1', '# HELP b x'],
  'an unknown type': ['# TYPE a meter', 'a 1'],
  'an empty line': ['# TYPE a counter', '', 'a 1'],
  'interleaved families': ['# TYPE a counter', '# TYPE b counter', 'a 1'],
  'the same series twice': ['# TYPE a counter', 'a{x="1",y="2"} 1', 'a{y="2",x="1"} 1'],
  'an empty label beside none': ['# TYPE a counter', 'a{x=""} 1', 'a 1'],
  'the same label twice': ['# TYPE a counter', 'a{x="1",x="2"} 1'],
  'a raw quote in a value': ['# TYPE a counter', 'a{x="1"2"} 1'],
  'a raw newline in a value': ['# TYPE a counter', 'a{x="1\n2"} 1'],
  'an escape that is none': ['# TYPE a counter', 'a{x="\\t"} 1'],
  'a trailing comma': ['# TYPE a counter', 'a{x="1",} 1'],
  'a bad label name': ['# TYPE a counter', 'a{1x="1"} 1'],
  'a negative counter': ['# TYPE a counter', 'a -1'],
  'a value that is no number': ['# TYPE a gauge', 'a Nan'],
  'a value with something behind': ['# TYPE a gauge', 'a 1 x'],
  'no +Inf bucket': without('h_bucket{le="+Inf"}'),
  'no _sum': without('h_sum'),
  'no _count': without('h_count'),
  'a _count that is not +Inf': instead('h_count', 'h_count 4'),
  'falling buckets': instead('h_bucket{le="1"}', 'h_bucket{le="1"} 4'),
  'bounds out of order': instead('h_bucket{le="2"}', 'h_bucket{le="0.5"} 3'),
  'a bucket without le': instead('h_bucket{le="2"}', 'h_bucket 3'),
  'a summary without _count': ['# TYPE s summary', 's{quantile="0.5"} 1', 's_sum 1'],
};

test('the parser of the other tests refuses what the format forbids', async (t) => {
  for (const [what, lines] of Object.entries(wrong)) t.throws(() => parse(...lines), Error, what);
  t.throws(() => parseExposition(Buffer.from('# TYPE a counter\na 1')), /newline/, 'no newline at the end');
  t.throws(
    () => parseExposition(Buffer.from([...Buffer.from('# TYPE a counter\na{x="'), 0xff, ...Buffer.from('"} 1\n')])),
    TypeError,
    'bytes that are not UTF-8',
  );
});
