import fc from 'fast-check';
import { test } from 'tap';
import { needs, promtoolCheck } from '../engines/engine';
import { SEED } from '../instruments/support';
import { lintText } from './support';

/** What promtool says, and the rule that says the same here. */
const SAME: readonly (readonly [RegExp, string])[] = [
  [/^no help text$/, 'no-help'],
  [/^use base unit/, 'unit-base'],
  [/^counter metrics should have "_total" suffix$/, 'counter-total'],
  [/^non-counter metrics should not have "_total" suffix$/, 'total-suffix'],
  [/should not have "_(?:bucket|count|sum)" suffix$/, 'reserved-suffix'],
  [/should not have "(?:le|quantile)" label$/, 'label-le-quantile'],
  [/^metric name should not include type/, 'type-in-name'],
  [/^metric names should not contain ':'$/, 'colon'],
  [/^(?:metric|label) names should be written in 'snake_case'/, 'camel-case'],
  [/^metric names should not contain abbreviated units$/, 'unit-abbreviation'],
];

/** Every problem that promtool has found, as `metric rule`. */
function problemsOf(output: string): string[] {
  const lines = output
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => {
    const [metric, ...words] = line.split(' ');
    const same = SAME.find(([says]) => says.test(words.join(' ')));
    if (same === undefined) throw new Error(`promtool has something new to say: ${line}`);
    return `${metric} ${same[1]}`;
  });
}

const UNITS = [
  'seconds',
  'bytes',
  'milliseconds',
  'minutes',
  'kilobytes',
  'kibibytes',
  'bits',
  'days',
  'celsius',
  'fahrenheit',
  'metres',
  'kilometers',
  'thermometers',
  'hours',
  'grams',
  'kilograms',
  'volts',
  'calories',
  'ounces',
  'Seconds',
  'ratio',
  'percent',
];
const SHORT = ['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'GB', 'tb', 'pb', 'm', 'h', 'd', 'x'];
const SUFFIXES = [
  'total',
  'bucket',
  'sum',
  'count',
  'info',
  'created',
  'counter',
  'gauge',
  'histogram',
  'summary',
  'Gauge',
  'untyped',
];
const word = fc.constantFrom(
  'http',
  'request',
  'queueLength',
  'job:http',
  'a',
  'counters',
  ...UNITS,
  ...SHORT,
  ...SUFFIXES,
);
const name = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('_'));
const type = fc.constantFrom('counter', 'gauge', 'histogram', 'summary', 'untyped', '');
const label = fc.constantFrom('', '', 'method', 'userId', 'le', 'quantile');
const family = fc.record({ name, type, label, help: fc.boolean() });
type Family = { name: string; type: string; label: string; help: boolean };

function textOf({ name, type, label, help }: Family): string {
  const own = label === '' ? '' : `${label}="0.5"`;
  const set = own && `{${own}}`;
  const head = `${help ? `# HELP ${name} Words.\n` : ''}${type === '' ? '' : `# TYPE ${name} ${type}\n`}`;
  if (type === 'histogram') {
    const more = label === 'le' ? '' : own && `,${own}`;
    const rest = label === 'le' ? '' : set;
    return `${head}${name}_bucket{le="+Inf"${more}} 1\n${name}_sum${rest} 1\n${name}_count${rest} 1\n`;
  }
  return type === 'summary' ? `${head}${name}_sum${set} 1\n${name}_count${set} 1\n` : `${head}${name}${set} 1\n`;
}

/** Metrics whose lines are called alike are something else. */
function apart(families: readonly Family[]): Family[] {
  const taken = new Set<string>();
  return families.filter(({ name }) => {
    const names = ['', '_bucket', '_sum', '_count'].map((suffix) => name + suffix);
    const stem = name.replace(/_(?:bucket|sum|count)$/, '');
    if (names.some((each) => taken.has(each)) || taken.has(stem)) return false;
    for (const each of names) taken.add(each);
    return true;
  });
}

test(`every problem that promtool finds is found (RINGMETER_SEED=${SEED})`, needs('promtool'), async (t) => {
  let problems = 0;
  const expositions = fc.sample(fc.array(family, { minLength: 300, maxLength: 300, size: 'max' }), {
    seed: SEED,
    numRuns: 5,
  });
  for (const families of expositions) {
    const text = apart(families).map(textOf).join('');
    const { code, output } = await promtoolCheck(Buffer.from(text));
    t.equal(code, 3, output);
    const found = new Set(lintText(text).map(({ metric, rule }) => `${metric} ${rule}`));
    const expected = problemsOf(output);
    problems += expected.length;
    t.same(
      expected.filter((problem) => !found.has(problem)),
      [],
    );
    // and where promtool is content, nobody complains about the same
    const told = new Set(expected);
    const stricter = [...found].filter(
      (problem) => SAME.some(([, rule]) => problem.endsWith(` ${rule}`)) && !told.has(problem),
    );
    t.same(
      stricter.filter(
        (problem) => !/ (?:reserved-suffix|unit-abbreviation)$/.test(problem) && !hasSeveralUnits(problem),
      ),
      [],
    );
  }
  t.ok(problems > 1_000, `${problems} problems`);
});

/** Of those promtool looks at one, by chance. */
function hasSeveralUnits(problem: string): boolean {
  const words = problem.split(' ')[0].split('_');
  return problem.endsWith(' unit-base') && words.filter((each) => UNITS.includes(each)).length > 1;
}

const UNREADABLE = [
  'a{ 1\n',
  'a 1',
  'a{b="\\t"} 1\n',
  '# HELP a \\t\na 1\n',
  '# TYPE a counter\n# TYPE a counter\na_total 1\n',
  '# HELP a x\n# HELP a y\na 1\n',
  'a 1\n# TYPE a gauge\n',
  '# TYPE a histogramm\na 1\n',
  'a{b="c",b="d"} 1\n',
  'a{__name__="b"} 1\n',
  '# TYPE a histogram\na_bucket{le="x"} 1\n',
  '# TYPE a summary\na{quantile="x"} 1\n',
  'a{b="c"\n} 1\n',
  'a 1 x\n',
  'a nope\n',
  'ä 1\n',
  'a{b="\xff"} 1\n',
];

test(
  'an exposition that promtool cannot read is an error here too, or cannot be read either',
  needs('promtool'),
  async (t) => {
    let refused = 0;
    for (const text of UNREADABLE) {
      const bytes = Buffer.from(text, 'latin1');
      const { code } = await promtoolCheck(bytes);
      if (code === 1) refused++;
      let severities: string[] = ['error'];
      try {
        severities = lintText(bytes).map(({ severity }) => severity);
      } catch {}
      t.ok(code !== 1 || severities.includes('error'), JSON.stringify(text));
    }
    t.ok(refused > 12, `promtool refuses ${refused} of ${UNREADABLE.length}`);
  },
);
