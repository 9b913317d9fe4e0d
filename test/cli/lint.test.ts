import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { findingsText } from '../../dist/src/cli/lint-text.js';
import { mayColour, painter, printableOutput } from '../../dist/src/cli/style.js';
import { freePort } from '../engines/engine';
import { runCli, runHere } from './run';

const BIN = join(__dirname, '..', '..', 'dist', 'src', 'cli', 'bin.js');
const BAD = `# HELP logins Logins.
# TYPE logins counter
logins{path="/users/1234"} 1
logins{path="/users/1235"} 1
a_ratio 1
`;

async function listening(t: Test): Promise<{ collector: MetricsCollector; url: string }> {
  const collector = new MetricsCollector({ flushWorkers: 1, flushInterval: 0 });
  t.teardown(() => collector.close());
  const { url } = await collector.listen({ port: 0 });
  return { collector, url };
}

test('lint of an endpoint without findings prints nothing and exits with 0', async (t) => {
  const { collector, url } = await listening(t);
  collector.counter('requests_total', { description: 'Requests.' }).increment();
  t.same(await runCli(t, 'lint', url), { code: 0, output: '', errors: '' });
  t.same(await runHere('lint', new URL(url).host), { code: 0, output: '', errors: '' }, 'host and port will do');
  t.same(await runHere('lint', '--json', url), { code: 0, output: '[]\n', errors: '' });
});

test('lint groups findings by metric and exits with 3', async (t) => {
  const { collector, url } = await listening(t);
  collector.gauge('queueLength').set(3);
  const wait = collector.histogram('wait_seconds', { description: 'Wait.' });
  for (let n = 0; n < 200; n++) wait.observe(100);
  const { code, output, errors } = await runCli(t, 'lint', url);
  t.equal(errors, '');
  t.equal(code, 3);
  t.match(
    output,
    /^queueLength\n {2}warning {2}has no help text.*\[no-help\]\n {2}warning {2}.*\[camel-case\]\n\nwait_seconds\n {2}warning {2}has 100 % of its values above the highest bound, 10: .*\[buckets-beyond\]\n\n0 errors, 3 warnings, 0 of advice, about 2 metrics\n$/,
  );
  t.notOk(output.includes('\u001b'), 'no colours where there is no terminal');
});

test('lint reads files and the standard input', async (t) => {
  const file = join(t.testdir({ metrics: BAD }), 'metrics');
  const { code, output } = await runHere('lint', '--json', file);
  t.equal(code, 3);
  const findings = JSON.parse(output);
  t.same(
    findings.map(({ metric, rule, severity }: Record<string, string>) => [metric, rule, severity]),
    [
      ['logins', 'counter-total', 'warning'],
      ['logins', 'label-path-id', 'warning'],
      ['a_ratio', 'no-help', 'warning'],
      ['a_ratio', 'no-type', 'advice'],
    ],
  );
  const { status, stdout } = spawnSync(process.execPath, [BIN, 'lint', '--json', '-'], {
    input: BAD,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  t.equal(status, 3);
  t.same(JSON.parse(stdout), findings);
});

test('findings can be filtered by severity and by rule', async (t) => {
  const file = join(t.testdir({ metrics: BAD }), 'metrics');
  const rules = async (...args: string[]): Promise<[number | null, string[]]> => {
    const { code, output } = await runHere('lint', '--json', ...args, file);
    return [code, JSON.parse(output).map(({ rule }: { rule: string }) => rule)];
  };
  t.same(await rules('--level', 'warning'), [3, ['counter-total', 'label-path-id', 'no-help']]);
  t.same(await rules('--level', 'error'), [0, []]);
  t.same(await rules('--level=warning', '--ignore', 'no-help', '--ignore=counter-total'), [3, ['label-path-id']]);
});

test('nothing that lint reads controls the terminal, and colours are for terminals only', async (t) => {
  const finding = { rule: 'colon', severity: 'error', metric: 'a\u001b[2J', message: 'has \u009b1m\n in it' } as const;
  const plain = findingsText([finding], false);
  t.equal(
    plain,
    'a\\u001b[2J\n  error    has \\u009b1m\\u000a in it  [colon]\n\n1 error, 0 warnings, 0 of advice, about 1 metric\n',
  );
  t.ok(findingsText([finding], true).includes('\u001b[31merror'));
  for (const name of ['bold', 'dim', 'inverse', 'red', 'yellow', 'cyan'] as const) {
    const painted = painter(true)(name, 'a');
    t.notSame(painted, 'a', name);
    t.equal(stripVTControlCharacters(painted), 'a', name);
    t.equal(printableOutput(`${painted}\u001b[2J`, true), `${painted}\\u001b[2J`, `${name} is kept`);
    t.equal(painter(false)(name, 'a'), 'a');
  }
  t.equal(mayColour({ isTTY: true }, {}), true);
  t.equal(mayColour({ isTTY: true }, { NO_COLOR: '1' }), false);
  t.equal(mayColour({ isTTY: true }, { TERM: 'dumb' }), false);
  t.equal(mayColour({}, {}), false);
});

test('lint reports what it cannot do, and exits with 2 for wrong arguments and 1 if it could not read', async (t) => {
  const folder = t.testdir({ broken: 'a 1\nb{ 1\n' });
  for (const [args, code, says] of [
    [[`http://127.0.0.1:${await freePort()}`], 1, /^ringmeter lint: GET .*ECONNREFUSED/],
    [[join(folder, 'broken')], 1, /^ringmeter lint: line 2, column 4: expected a label name, got "1"\n$/],
    [[join(folder, 'none')], 1, /could not read/],
    [[], 2, /give one URL or file.*\nTry ringmeter lint --help/],
    [['a', 'b'], 2, /give one URL or file/],
    [['--level', 'bad', 'a'], 2, /--level must be one of error, warning, advice, got "bad"/],
    [['--ignore', 'toString', 'a'], 2, /unknown rule "toString"/],
    [['--header', 'x', 'http://a'], 2, /--header must be NAME: VALUE/],
    [['--header', 'Authorization: secret\n', 'http://a'], 2, /--header must be NAME: VALUE\nTry/],
    [['--timeout', '5', 'http://a'], 2, /--timeout must be a duration.*got "5"/],
    [['http://me:secret@:0'], 2, /http:\/\/:0 is not a URL/],
  ] as const) {
    const ran = await runHere('lint', ...args);
    t.equal(ran.code, code, args.join(' '));
    t.match(ran.errors, says);
    t.equal(ran.output, '');
    t.notMatch(ran.errors, /\n {4}at |secret/, 'no stack and no secret');
  }
});
