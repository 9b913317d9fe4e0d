import { test } from 'tap';
import type { TemplateSample } from '../../dist/src/alerts/template/functions.js';
import { Template } from '../../dist/src/alerts/template/template.js';

const data = {
  labels: { job: 'api', instance: 'a.example.org:9100' },
  externalLabels: { zone: 'eu' },
  value: 1_234_567.5,
};
const samples: TemplateSample[] = [
  { Labels: { job: 'b', __value__: 'text' }, Value: 2 },
  { Labels: { job: 'a' }, Value: 1 },
];

const expand = (text: string, value = data.value) =>
  new Template(text).expand({ ...data, value }, async (expression) => (expression === 'none' ? [] : samples));

test('templates expand to the expected text', async (t) => {
  for (const [template, expected] of [
    ['plain text', 'plain text'],
    ['{{ $labels.job }} and {{ .Labels.job }}, {{ $labels.missing }}.', 'api and api, .'],
    ['{{ $externalLabels.zone }}{{ .ExternalLabels.zone }}', 'eueu'],
    ['{{ $value }} {{ .Value }}', '1.2345675e+06 1.2345675e+06'],
    ['{{ $value | humanize }} {{ humanize1024 $value }}', '1.235M 1.177Mi'],
    ['{{ printf "%.2f|%8.1f|%-6s|%q|%d%%" $value 1.25 "ab" "x" 3 }}', '1234567.50|     1.2|ab    |"x"|3%'],
    ['{{ printf "%.2f %.1g %.200g %e" 1e21 0.25 0.5 1e6 }}', '1000000000000000000000.00 0.2 0.5 1.000000e+06'],
    ['{{ "\\u00e9\\101\\U0001F600" }} {{ printf "%q" "\\x00é\\u202e" }}', 'éA😀 "\\x00é\\u202e"'],
    ['{{ "+Inf" | humanize }} {{ "-inf" | humanizePercentage }} {{ humanize "NaN" }}', '+Inf -Inf% NaN'],
    ['{{ "hello world" | title }} {{ toUpper "a" }} {{ "B" | toLower }}', 'Hello World A b'],
    ['{{ if gt $value 10.0 }}high{{ else }}low{{ end }}', 'high'],
    ['{{ if false }}a{{ else if eq $labels.job "api" "web" }}b{{ else }}c{{ end }}', 'b'],
    ['{{ with $labels.job }}{{ . }}{{ end }}{{ with $labels.none }}x{{ else }}none{{ end }}', 'apinone'],
    ['{{ range query "up" }}{{ .Labels.job }}={{ .Value }} {{ end }}', 'b=2 a=1 '],
    ['{{ range $i, $s := sortByLabel "job" (query "up") }}{{ $i }}{{ label "job" $s }}{{ end }}', '0a1b'],
    ['{{ range query "none" }}x{{ else }}nothing{{ end }}', 'nothing'],
    ['{{ with query "up" }}{{ . | first | value | humanizePercentage }}{{ end }}', '200%'],
    ['{{ query "up" | first | label "job" }} {{ (query "up" | first).Value }}', 'b 2'],
    ['{{ query "up" | first | strvalue }}', 'text'],
    // what every object inherits is no label
    ['{{ index $labels "constructor" }}{{ index $labels "__proto__" }}{{ $labels.toString }}.', '.'],
    ['{{ query "up" | first | label "constructor" }}{{ (query "up" | first).Labels.valueOf }}.', '.'],
    ['{{ range sortByLabel "toString" (query "up") }}{{ .Value }}{{ end }}', '21'],
    ['{{ $x := 3 }}{{ if true }}{{ $x = 4 }}{{ end }}{{ $x }}', '4'],
    ['{{ $labels.instance | stripPort | stripDomain }}', 'a'],
    ['{{ reReplaceAll "(.*):.*" "$1" $labels.instance }} {{ match "^a.*" "abc" }}', 'a.example.org true'],
    // as promtool 2.42 expands them
    ['{{ reReplaceAll "(?i)f(O+)(\\\\d)" "$2-$1-$&-$$" "Foo1" }}', '1-oo-$&-$'],
    ['{{ reReplaceAll "(?P<n>o+)" "<$n>" "Foo1" }} {{ match "(?i)^FOO" "foo1" }}', 'F<oo>1 true'],
    ['{{ reReplaceAll "o*" "-" "foo1" }} {{ reReplaceAll "(o)" "$1x" "foo" }}', '-f-1- f'],
    ['a {{- " b " -}} c{{/* nothing */}}', 'a b c'],
    ['{{ `raw "text"` }} {{ "}}" }}', 'raw "text" }}'],
    ['{{ and true $labels.job }} {{ or "" "x" }} {{ not true }} {{ len $labels.job }}', 'api x false 3'],
    ['{{ index $labels "job" }} {{ print "a" 1 }}', 'api a1'],
  ] as const)
    t.equal(await expand(template), expected, template);
});

test('numbers are humanized', async (t) => {
  for (const [name, value, expected] of [
    ['humanize', 0, '0'],
    ['humanize', 0.0123, '12.3m'],
    ['humanize', -123456, '-123.5k'],
    ['humanize', Number.NaN, 'NaN'],
    ['humanize', Number.POSITIVE_INFINITY, '+Inf'],
    ['humanize1024', 1048576, '1Mi'],
    ['humanizePercentage', 0.123456, '12.35%'],
    ['humanizeDuration', 0.001234, '1.234ms'],
    ['humanizeDuration', 59.999, '60s'],
    ['humanizeDuration', 93784, '1d 2h 3m 4s'],
    ['humanizeDuration', 3661, '1h 1m 1s'],
    ['humanizeTimestamp', 1435065584.128, '2015-06-23 13:19:44.128 +0000 UTC'],
  ] as const)
    t.equal(await expand(`{{ $value | ${name} }}`, value), expected, `${value} | ${name}`);
  for (const [value, expected] of [
    [0.5, '0.5'],
    [1e-7, '1e-07'],
    [0.00012, '0.00012'],
    [1e21, '1e+21'],
    [123456, '123456'],
  ] as const)
    t.equal(await expand('{{ $value }}', value), expected);
});

test('unsupported parts of a template are refused when it is parsed, by name', async (t) => {
  for (const [template, message] of [
    ['{{ define "x" }}{{ end }}', /define is not supported/],
    ['{{ template "x" }}', /template is not supported/],
    ['{{ graphLink "up" }}', /the function graphLink is not supported/],
    ['{{ $x }}', /the variable \$x is not defined/],
    ['{{ if true }}', /\{\{end\}\} is missing/],
    ['{{ end }}', /outside of a block/],
    ['{{ $labels.job', /not closed/],
    ['{{ }}', /unexpected end/],
    ['{{ $value "x" }}', /not a function is followed by arguments/],
    ['{{ (1 }}', /unexpected end/],
    ['{{ match "\\d" "1" }}', /"\\d" has an escape that Go does not have/],
    ['{{ a ; b }}', /unexpected ";"/],
  ] as const)
    t.throws(() => new Template(template), { message }, template);
});

test('a template that cannot be evaluated gives the reason', async (t) => {
  for (const [template, message] of [
    ['{{ query "none" | first }}', /no elements/],
    ['{{ printf "%z" 1 }}', /does not support %z/],
    ['{{ printf "%d" }}', /no argument/],
    ['{{ $labels.job | humanize }}', /is not a number/],
    ['{{ humanize "0x10" }}', /is not a number/],
    ['{{ .Nothing }}', /no field Nothing/],
    ['{{ lt 1 "a" }}', /cannot be compared/],
    ['{{ reReplaceAll "(" "" "x" }}', /not a valid regular expression/],
    ['{{ range $value }}{{ end }}', /cannot iterate over/],
    ['{{ title }}', /needs 1 arguments/],
  ] as const)
    await t.rejects(expand(template), { message }, template);
});

test('the output of a template is bounded, however small the template is', async (t) => {
  const many = Array.from({ length: 2_000 }, (_, id): TemplateSample => ({ Labels: { id: `${id}` }, Value: id }));
  const over = (text: string) => new Template(text).expand(data, async () => many);
  const twice = '{{ $x = print $x $x }}'.repeat(30);
  for (const template of [
    '{{ printf "%999999999s" "a" }}',
    '{{ printf "%-999999999s" "a" }}',
    '{{ printf "%0999999999d" 1 }}',
    `{{ printf "${'%99999s'.repeat(20)}" ${'"a" '.repeat(20)} }}`,
    `{{ $x := "0123456789" }}${twice}`,
    `{{ $x := "0123456789" }}${'{{ $x = reReplaceAll "." "$0$0$0$0$0$0$0$0" $x }}'.repeat(10)}`,
    `{{ reReplaceAll "(x|y){1,900}" "" (printf "%200000s" "a") }}`,
    `{{ match "(x|y){1,900}" (printf "%200000s" "a") }}`,
    `{{ $x := "aaaaa" }}${'{{ $x = print $x $x }}'.repeat(11)}{{ reReplaceAll "a(.*b)?" "" $x }}`,
    '{{ range query "x" }}{{ match "(x|y){1,200}z" (printf "%100s" "a") }}{{ end }}',
    '{{ range query "x" }}{{ range query "x" }}{{ range query "x" }}{{ end }}{{ end }}{{ end }}',
    '{{ range query "x" }}{{ query "x" }}{{ end }}',
    `{{ $q := query "x" }}{{ print ${'$q '.repeat(100)} }}`,
  ])
    await t.rejects(over(template), { code: 'RINGMETER_QUERY_LIMIT' }, template.slice(0, 80));
  t.equal((await over('{{ range query "x" }}{{ .Labels.id }},{{ end }}')).split(',').length, 2_001);
  t.equal((await over('{{ printf "%1000s" "a" }}')).length, 1_000);
});
