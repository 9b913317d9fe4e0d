import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
import { type Damage, readMetricsDirectory } from 'ringmeter';
import { type Test, test } from 'tap';
import { seal } from '../../../dist/src/storages/file/format.js';
import { directoryFor } from './support';

const BIN = join(__dirname, '..', '..', '..', 'dist', 'src', 'cli', 'bin.js');
const HEADER = '{"ringmeter":1,"created":1,"source":"s","writer":"w","storage":"file","host":"h","pid":1}';
const METRIC = '{"metric":"x","type":"gauge","description":"","unit":"","labelNames":null,"buckets":[],"quantiles":[]}';
const [BAD, GOOD] = [
  'ringmeter-19700101T000000001Z-aaaaaaaaaaaaaaaa-000001.jsonl',
  'ringmeter-19700101T000000002Z-bbbbbbbbbbbbbbbb-000001.jsonl',
];

/** A flush of some lines, sealed as a writer would. */
function flush(time: number, ...lines: string[]): string {
  const text = lines.map((line) => `${line}\n`).join('');
  const said = { flush: 0, time, series: 1, bytes: Buffer.byteLength(text) };
  return `${text}${JSON.stringify({ ...said, crc32: seal(crc32(text), said) })}\n`;
}

const series = (number: unknown, first: unknown = 0): string[] => [
  HEADER,
  METRIC,
  `{"metric":"x","series":${number},"labels":{"a":"b"}}`,
  `{"metric":"x","time":5,"first":${first},"values":[7]}`,
];

function directoryOf(t: Test, name: string, content: string | Buffer): string {
  const directory = directoryFor(t);
  mkdirSync(directory);
  writeFileSync(join(directory, name), content);
  writeFileSync(join(directory, GOOD), flush(6, ...series(0)));
  return directory;
}

async function read(directory: string): Promise<{ told: Damage[]; values: number[] }> {
  const told: Damage[] = [];
  const values: number[] = [];
  for await (const { metrics } of readMetricsDirectory(directory, { onDamage: (damage) => told.push(damage) }))
    values.push(...metrics.map(({ value }) => value));
  return { told, values };
}

test('a compressed file that expands to gigabytes is refused in bounded memory, and the others are read', async (t) => {
  for (const character of ['\n', '\0']) {
    const member = gzipSync(Buffer.alloc(2 ** 24, character));
    const directory = directoryOf(t, `${BAD}.gz`, Buffer.concat(Array(66).fill(member)));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--max-old-space-size=128', BIN, 'cat', '--json', directory],
      { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' }, timeout: 60_000 },
    );
    t.equal(status, 1, stderr.slice(0, 200));
    t.match(stderr, 'RINGMETER_FILE_TOO_LARGE');
    t.match(stdout, '"timestamp":6');
  }
});

test('a small file that claims gigabytes is reported with its code, and takes no memory', async (t) => {
  for (const [number, first, code] of [
    [2 ** 32 - 2, 0, 'RINGMETER_FILE_TOO_LARGE'],
    [2 ** 24, 0, 'RINGMETER_FILE_TOO_LARGE'],
    ['"length"', 0, 'RINGMETER_FILE_TOO_LARGE'],
    [-1, 0, 'RINGMETER_FILE_TOO_LARGE'],
  ] as const) {
    const { told, values } = await read(directoryOf(t, BAD, flush(5, ...series(number, first))));
    t.match(told, [{ code }], String(number));
    t.same(values, [7]);
  }
  const many = Array.from({ length: 40 }, (_, index) =>
    series(2 ** 24 - 1).map((line) => line.replace('"x"', `"x${index}"`)),
  );
  const { told } = await read(directoryOf(t, BAD, flush(5, ...many.flat())));
  t.match(told, [{ code: 'RINGMETER_FILE_TOO_LARGE' }]);
});

test('lines with wrong contents are reported, and nothing throws', async (t) => {
  for (const lines of [
    ['null'],
    ['{"ringmeter":1}'],
    [HEADER, METRIC.replace('gauge', 'toString'), ...series(0).slice(2)],
    [HEADER, METRIC.replace('"buckets":[]', '"buckets":7').replace('gauge', 'histogram'), ...series(0).slice(2)],
    [HEADER, METRIC, '{"metric":"x","time":5,"first":0}'],
  ]) {
    const { told, values } = await read(directoryOf(t, BAD, flush(5, ...lines)));
    t.match(told, [{ code: 'RINGMETER_FILE_DAMAGED' }], lines.join());
    t.same(values, [7]);
  }
  const { values } = await read(directoryOf(t, BAD, flush(1e300, ...series(0))));
  t.same(values, [7], 'a time that is none');
});
