import { test } from 'tap';
import { parseScrape } from '../../dist/src/scrape/parse.js';
import { LONGEST_LINE } from '../../dist/src/scrape/scanner.js';

const EVERYTHING = `# HELP http_requests_total Requests, with \\\\ and \\n in them.
# TYPE http_requests_total counter
http_requests_total{method="GET",path="C:\\\\DIR\\n\\"x\\""} 1027 1395066363000
http_requests_total { method = "POST" , } 3
# just a comment
#
metric_without_type 12.47

something_weird{problem="division by zero"} +Inf -3982045
rpc_duration_seconds{quantile="0.5"} NaN
# TYPE wait_seconds histogram
# HELP wait_seconds
wait_seconds_bucket{le="0.1"} 1
wait_seconds_bucket{le="+Inf"} 2
wait_seconds_sum 1.5e-3
wait_seconds_count 2
`;

test('every part of the text format is read', async (t) => {
  const { families, notes, format } = parseScrape(EVERYTHING, 'prometheus');
  t.equal(format, 'prometheus');
  t.same(notes, []);
  t.same(
    families.map(({ name, type, help, samples }) => [name, type, help, samples.length]),
    [
      ['http_requests_total', 'counter', 'Requests, with \\ and \n in them.', 2],
      ['metric_without_type', 'untyped', undefined, 1],
      ['something_weird', 'untyped', undefined, 1],
      ['rpc_duration_seconds', 'untyped', undefined, 1],
      ['wait_seconds', 'histogram', '', 4],
    ],
  );
  t.same(families[0].samples[0], {
    name: 'http_requests_total',
    labels: [
      ['method', 'GET'],
      ['path', 'C:\\DIR\n"x"'],
    ],
    value: 1027,
    timestamp: 1395066363000,
    line: 3,
  });
  t.same(families[0].samples[1].labels, [['method', 'POST']]);
  t.equal(families[2].samples[0].value, Number.POSITIVE_INFINITY);
  t.equal(families[2].samples[0].timestamp, -3982045);
  t.ok(Number.isNaN(families[3].samples[0].value));
  t.equal(families[4].samples[2].value, 0.0015);
  t.equal(families[4].line, 11);
});

test('every part of OpenMetrics is read', async (t) => {
  const { families, notes } = parseScrape(
    `# TYPE requests counter
# UNIT wait_seconds seconds
# HELP requests Say "\\"hi\\"".
requests_total{a="b"} 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.5
requests_created{a="b"} 1605281325.0
# TYPE wait_seconds histogram
wait_seconds_bucket{le="1.0"} 0 # {} 0.5
wait_seconds_bucket{le="+Inf"} 0
wait_seconds_count 0
wait_seconds_sum 0
# TYPE build info
build_info{version="1"} 1
# TYPE sizes gaugehistogram
sizes_bucket{le="+Inf"} 3
sizes_gcount 3
sizes_gsum 3
# TYPE state stateset
state{state="on"} 1
# TYPE whatever unknown
whatever 1
# EOF
`,
    'openmetrics',
  );
  t.same(notes, []);
  t.same(
    families.map(({ name, type, unit, samples }) => [name, type, unit, samples.length]),
    [
      ['requests', 'counter', undefined, 2],
      ['wait_seconds', 'histogram', 'seconds', 4],
      ['build', 'info', undefined, 1],
      ['sizes', 'gaugehistogram', undefined, 3],
      ['state', 'stateset', undefined, 1],
      ['whatever', 'untyped', undefined, 1],
    ],
  );
  t.equal(families[0].help, 'Say ""hi"".');
  const [{ timestamp, exemplar }] = families[0].samples;
  t.equal(timestamp, 1520879607789);
  t.same(exemplar, { labels: [['trace_id', 'KOO5S4vxi0o']], value: 0.67, timestamp: 1520879607500 });
  t.same(families[1].samples[0].exemplar, { labels: [], value: 0.5 });
});

test('names in quotes are read', async (t) => {
  const { families } = parseScrape(
    '# TYPE "my.name" gauge\n{"my.name", "a.b"="c", d="e"} 1\n{"other"} 2\nplain{"ü"="x"} 3\n',
    'prometheus',
  );
  t.same(
    families.map(({ name, type, samples: [{ labels, value }] }) => [name, type, labels, value]),
    [
      [
        'my.name',
        'gauge',
        [
          ['a.b', 'c'],
          ['d', 'e'],
        ],
        1,
      ],
      ['other', 'untyped', [], 2],
      ['plain', 'untyped', [['ü', 'x']], 3],
    ],
  );
});

test('numbers are read as Prometheus reads them', async (t) => {
  for (const [text, expected] of [
    ['0', 0],
    ['123456789012345', 123456789012345],
    ['1234567890123456800', 1234567890123456800],
    ['-1', -1],
    ['+1.', 1],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['1e999', Number.POSITIVE_INFINITY],
    ['inf', Number.POSITIVE_INFINITY],
    ['-Inf', Number.NEGATIVE_INFINITY],
    ['+Infinity', Number.POSITIVE_INFINITY],
    ['nan', Number.NaN],
  ] as const)
    t.equal(Object.is(parseScrape(`x ${text}\n`, 'prometheus').families[0].samples[0].value, expected), true, text);
  for (const text of ['0x10', '1_000', '1,5', '0b1', '--1', '1e', '.', 'Infinit', 'null', '"1"'])
    t.throws(() => parseScrape(`x ${text}\n`, 'prometheus'), { message: /expected a value/ }, text);
});

test('text that cannot be read gives an error with its line and column', async (t) => {
  for (const [text, line, column, says] of [
    ['a 1\n<!DOCTYPE html>\n', 2, 1, /expected a metric name, got "<!DOCTYPE html>"/],
    ['a 1\n\n  b{c="d"\n', 3, 10, /expected , or }, got the end of the line/],
    ['a{b="c} 1\nd 2\n', 1, 5, /no closing quote/],
    ['a{b=c} 1\n', 1, 5, /expected a label value in quotes, got "c} 1"/],
    ['a{b:c="d"} 1\n', 1, 3, /expected a label name/],
    ['a{="d"} 1\n', 1, 3, /expected a label name/],
    ['a{b} 1\n', 1, 4, /expected =/],
    ['a{b="c" d="e"} 1\n', 1, 9, /expected , or }/],
    ['a\n', 1, 2, /expected a value, got the end of the line/],
    ['a 1 2 3\n', 1, 7, /expected the end of the line, got "3"/],
    ['a 1 2.5\n', 1, 5, /a timestamp in milliseconds/],
    ['a 1\r\n', 1, 3, /expected a value, got "1\\r"/],
    ['a 1 # {b="c"} 1\n', 1, 5, /the end of the line/],
    ['# TYPE a countr\n', 1, 10, /expected one of counter, gauge.*got "countr"/],
    ['# TYPE a\n', 1, 9, /expected one of/],
    ['# HELP 1a b\n', 1, 8, /expected a metric name/],
    ['# HELP a{ b\n', 1, 9, /a blank after the name/],
    ['{a="b"} 1\n', 1, 2, /the metric name is missing/],
    ['a{"b"} 1\n', 1, 3, /the metric name is given twice/],
    ['1a 1\n', 1, 1, /a metric name/],
    ['\0\n', 1, 1, /a metric name/],
    ['a\0 1\n', 1, 2, /expected a value/],
  ] as const) {
    t.throws(
      () => parseScrape(text, 'prometheus'),
      { code: 'RINGMETER_SCRAPE_FAILED', line, column, message: says },
      JSON.stringify(text),
    );
  }
  for (const [text, line, says] of [
    ['a 1\n# EOF\nb 2\n', 3, /text follows # EOF/],
    ['a 1 # 5\n# EOF\n', 1, /labels of an exemplar/],
    ['a 1 # {b="c"}\n# EOF\n', 1, /expected a value/],
    ['a 1 x\n# EOF\n', 1, /timestamp in seconds/],
    ['# TYPE a untyped\n# EOF\n', 1, /expected one of .*unknown/],
  ] as const)
    t.throws(() => parseScrape(text, 'openmetrics'), { line, message: says }, JSON.stringify(text));
});

test('text that breaks the rules but can be read gives a note', async (t) => {
  const notes = (text: string, format: 'prometheus' | 'openmetrics' = 'prometheus'): unknown[] =>
    parseScrape(text, format).notes.map(({ kind, metric, line }) => [kind, metric, line]);
  t.same(notes('a 1\nb 1\na{c="d"} 1\n'), [['interleaved', 'a', 3]]);
  t.same(notes('# HELP a x\n# HELP b y\n# TYPE a gauge\na 1\nb 1\n'), [], 'metadata may come first');
  t.same(notes('a 1\n# TYPE a gauge\n'), [['late-metadata', 'a', 2]]);
  t.same(notes('# TYPE a gauge\n# TYPE a gauge\na 1\n'), [['repeated-metadata', 'a', 2]]);
  t.same(notes('# HELP a x\n# HELP a x\na 1\n'), [['repeated-metadata', 'a', 2]]);
  t.same(notes('a 1'), [['no-final-newline', '', 1]]);
  t.same(notes('a{b="\\t"} 1\n'), [['bad-escape', 'a', 1]]);
  t.same(notes('# HELP a \\"x\n'), [['bad-escape', 'a', 1]]);
  t.same(notes('a 1\n', 'openmetrics'), [['no-eof', '', 1]]);
  t.same(notes('# UNIT a b\n# UNIT a b\na 1\n# EOF\n', 'openmetrics'), [['repeated-metadata', 'a', 2]]);
  t.same(notes(''), []);
});

test('lines belong to the metric whose name they have, and else to the histogram or summary they are part of', async (t) => {
  const names = (text: string): unknown =>
    parseScrape(text, 'prometheus').families.map(({ name, samples }) => [name, samples.map((sample) => sample.name)]);
  t.same(
    names('# TYPE a histogram\na_bucket 1\na_count 1\n# TYPE a_count gauge\na_count 2\n'),
    [
      ['a', ['a_bucket', 'a_count', 'a_count']],
      ['a_count', []],
    ].map(([name]) => (name === 'a' ? ['a', ['a_bucket', 'a_count']] : ['a_count', ['a_count']])),
  );
  t.same(names('# TYPE a counter\na 1\na_total 1\na_created 1\n'), [
    ['a', ['a']],
    ['a_total', ['a_total']],
    ['a_created', ['a_created']],
  ]);
  t.same(names('# TYPE a summary\na 1\na_sum 1\na_bucket 1\n'), [
    ['a', ['a', 'a_sum']],
    ['a_bucket', ['a_bucket']],
  ]);
  t.same(names('# TYPE a gauge\nab 1\na 1\n'), [
    ['a', ['a']],
    ['ab', ['ab']],
  ]);
});

test('hostile input ends soon', async (t) => {
  const started = performance.now();
  const refused = (text: string, message: RegExp): void => {
    t.throws(() => parseScrape(text, 'prometheus'), { code: 'RINGMETER_SCRAPE_FAILED', message });
  };
  refused(`a{b="${'x'.repeat(LONGEST_LINE)}"} 1\n`, /longer than 1048576 characters/);
  refused(`a 1\n${'\0'.repeat(2 ** 24)}`, /line 2, column 1: the line is longer/);
  refused(`a{b="${'\\'.repeat(LONGEST_LINE - 10)}`, /no closing quote/);
  refused(`a{b="${'\\"'.repeat(LONGEST_LINE / 2 - 10)}`, /no closing quote/);
  refused(`${'{'.repeat(1_000_000)}`, /a label name/);
  refused(`a{${'b="c",'.repeat(100_000)}`, /a label name/);
  refused(`a ${'1'.repeat(1_000_000)}x`, /a value/);
  t.equal(parseScrape(`${'\n'.repeat(2 ** 22)}`, 'prometheus').families.length, 0);
  t.equal(parseScrape(`${'# \\\n'.repeat(2 ** 20)}`, 'prometheus').families.length, 0);
  t.ok(performance.now() - started < 10_000, `${performance.now() - started} ms`);
});
