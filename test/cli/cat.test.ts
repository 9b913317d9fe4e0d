import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { until } from '../instruments/support';
import { directoryFor, filesIn, readAll, writerFor } from '../storages/file/support';
import { Cli, runCli, runHere } from './run';

/** A directory with flushes of all instruments in several files. */
async function written(t: Test, flushes: number, maxFileBytes = 2_500) {
  const directory = directoryFor(t);
  const writer = await writerFor(t, { directory, maxFileBytes, gzip: true });
  const record = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      writer.collector.counter('requests_total').increment(2, { method: 'GET', path: '/"\u001b[31m\u009b' });
      writer.collector.gauge('temperature').set(-1.5);
      writer.collector.histogram('seconds', { buckets: [1, 2] }).observe(1.5);
      writer.collector.summary('bytes', { quantiles: [0.5] }).observe(100);
      await writer.flush();
    }
  };
  await record(flushes);
  return { directory, record, ...writer };
}

const lines = (output: string): string[] => output.trimEnd().split('\n');

test('cat shows a table for each flush', async (t) => {
  const { directory, stored, close } = await written(t, 2);
  await close();
  const [{ source }] = await readAll(directory);
  const { code, output, errors } = await runCli(t, 'cat', directory);
  t.equal(errors, '');
  t.equal(code, 0);
  const time = (index: number): string => new Date(stored[index].timestamp).toISOString();
  const table = (n: number): string[] => [
    `${time(n - 1)}  ${source}`,
    '  METRIC          TYPE       LABELS                                       VALUE',
    `  requests_total  counter    method="GET",path="/\\"\\x1b[31m\\u009b"      ${2 * n}`,
    '  temperature     gauge                                                   -1.5',
    `  seconds         histogram                                               count=${n} sum=${1.5 * n} q0.5=1.5 q0.95=1.95 q0.99=1.99`,
    `  bytes           summary                                                 count=${n} sum=${100 * n} q0.5=100`,
    '',
  ];
  const squeeze = (line: string): string => line.replace(/ +/g, ' ');
  t.same(output.split('\n').map(squeeze), [...table(1), ...table(2), ''].map(squeeze));
  const columns = output
    .split('\n')
    .slice(1, 6)
    .map((line) => line.search(/(VALUE|4|2|-1\.5|count=.*)$/));
  t.equal(new Set(columns).size, 1, 'values are below one another');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  t.notMatch(output, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/, 'nothing in it controls a terminal');
});

test('cat --json shows one object for each flush', async (t) => {
  const { directory } = await written(t, 12);
  t.ok(filesIn(directory).length > 1);
  const { code, output, errors } = await runHere('cat', '--json', directory);
  t.equal(errors, '');
  t.equal(code, 0);
  t.same(
    lines(output).map((line) => JSON.parse(line)),
    JSON.parse(JSON.stringify(await readAll(directory))),
  );
});

test('cat filters by time and by metric name', async (t) => {
  const { directory, stored } = await written(t, 12);
  const timesOf = async (...args: string[]): Promise<number[]> => {
    const { code, output } = await runHere('cat', '--json', ...args, directory);
    t.equal(code, 0);
    return output === '' ? [] : lines(output).map((line) => JSON.parse(line).timestamp);
  };
  const times = stored.map(({ timestamp }) => timestamp);
  t.same(await timesOf('--from', new Date(times[3]).toISOString()), times.slice(3));
  t.same(await timesOf('--to', String(times[3])), times.slice(0, 4));
  t.same(await timesOf(`--from=${times[2]}`, `--to=${times[2]}`), [times[2]]);
  t.same(await timesOf('--from', '1h'), times);
  t.same(await timesOf('--to', '1h'), []);
  t.same(await timesOf('--last'), times.slice(-1));
  const { output } = await runHere('cat', directory, '--last', '--name', 'seconds', '--name', 'bytes');
  t.same(
    lines(output)
      .slice(2)
      .map((line) => line.trim().split(' ')[0]),
    ['seconds', 'bytes'],
  );
});

test('cat --follow shows new flushes, through rotations, until it is interrupted', async (t) => {
  const { directory, record, stored } = await written(t, 3);
  const seen = (cli: Cli): number[] =>
    cli.output
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).timestamp);
  const all = new Cli(t, 'cat', '--follow', '--json', '--from', '1h', directory);
  await until('what was there', () => seen(all).length === 3);
  const fresh = new Cli(t, 'cat', '--follow', '--json', directory);
  // it shows what is written after it has looked for the first time
  await until('something new', async () => {
    await record(1);
    return seen(fresh).length > 0;
  });
  for (let round = 0; round < 3; round++) {
    await record(8);
    await until('all of it', () => seen(all).length === stored.length);
  }
  const times = stored.map(({ timestamp }) => timestamp);
  t.ok(filesIn(directory).filter((name) => name.endsWith('.gz')).length > 1);
  t.same(seen(all), times, 'each flush once, in order');
  await until('the other too', () => seen(fresh).at(-1) === times.at(-1));
  t.same(seen(fresh), times.slice(-seen(fresh).length));
  t.ok(seen(fresh).length < times.length, 'without what was there before');
});

test('cat reports damaged parts, shows the rest and exits with 1', async (t) => {
  const { directory, stored, close } = await written(t, 3, 100_000);
  await close();
  const file = join(directory, filesIn(directory)[0]);
  const bytes = readFileSync(file);
  bytes[bytes.lastIndexOf('{"flush":1') - 5] ^= 1;
  writeFileSync(file, bytes);
  const { code, output, errors } = await runCli(t, 'cat', '--json', directory);
  t.equal(code, 1);
  t.match(errors, new RegExp(`^ringmeter cat: ${file}, from byte \\d+: flush 1 differs from the written data`));
  t.same(
    lines(output).map((line) => JSON.parse(line).timestamp),
    [stored[0].timestamp, stored[2].timestamp],
  );
});

test('cat ends quietly when its output is closed', async (t) => {
  const { directory } = await written(t, 30);
  const bin = join(__dirname, '..', '..', 'dist', 'src', 'cli', 'bin.js');
  const command = `for i in 1 2 3; do "$0" "$1" cat "$2" | head -1; echo "\${PIPESTATUS[0]}"; done`;
  const { stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath, bin, directory], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  t.equal(stderr, '');
  t.same(
    lines(stdout).filter((_, index) => index % 2 === 1),
    ['0', '0', '0'],
  );
});

test('cat reports what it cannot do, and exits with 2 for wrong arguments and 1 for a failure', async (t) => {
  const directory = directoryFor(t);
  for (const [args, code, says] of [
    [['cat', directory], 1, /could not read .*ENOENT/],
    [['cat'], 2, /give one directory\nTry ringmeter cat --help/],
    [['cat', 'a', 'b'], 2, /give one directory/],
    [['cat', '--frm', '1h', 'a'], 2, /'--frm'.*\nTry/s],
    [['cat', '--from', 'yesterday', 'a'], 2, /--from must be a date .*got "yesterday"/],
    [['cat', '--to', '12', 'a'], 2, /--to must be a date/],
    [['cat', '--follow', '--last', 'a'], 2, /exclude/],
    [['dog'], 2, /unknown command "dog"\n\nUsage/],
    [['toString'], 2, /unknown command/],
    [[], 2, /^Usage: ringmeter COMMAND/],
  ] as const) {
    const ran = await runHere(...args);
    t.equal(ran.code, code, args.join(' '));
    t.match(ran.errors, says);
    t.equal(ran.output, '');
    t.notMatch(ran.errors, /\n {4}at /, 'no stack');
  }
  t.match(await runCli(t), { code: 2, output: '', errors: /^Usage: ringmeter COMMAND/ }, 'so the process ends');
});

test('help lists the commands, and the options of each', async (t) => {
  for (const flag of ['--help', '-h']) {
    const general = await runHere(flag);
    t.equal(general.code, 0);
    t.match(general.output, /^Usage: ringmeter COMMAND.*\n {2}cat +show/s);
    const cat = await runHere('cat', flag);
    t.equal(cat.code, 0);
    for (const option of ['--from', '--to', '--name', '--last', '--follow', '--json', '--help'])
      t.ok(cat.output.includes(`  ${option} `), option);
  }
});
