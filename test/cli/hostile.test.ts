import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Test, test } from 'tap';
import { seal } from '../../dist/src/storages/file/format.js';
import { directoryFor } from '../storages/file/support';
import { runHere } from './run';

/** Escape, DEL, a C1 control, and one that turns the order of what follows. */
const EVIL = '\u001b[31m\u001b]0;x\u0007\u007f\u009b2J\u202e\r';
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

/** A directory of FileStorage whose texts are hostile, and a file that cannot be understood. */
function hostileDirectory(t: Test): string {
  const text = JSON.stringify(EVIL);
  const lines = [
    `{"ringmeter":1,"created":1,"source":${text},"writer":"w","storage":"file","host":${text},"pid":1}`,
    `{"metric":"x\u007f\u009b2J\u202e","type":"gauge","description":${text},"unit":${text},"labelNames":null,"buckets":[],"quantiles":[]}`,
    `{"metric":"x\u007f\u009b2J\u202e","series":0,"labels":{${text}:${text}}}`,
    '{"metric":"x\u007f\u009b2J\u202e","time":5,"first":0,"values":[7]}',
  ];
  const bytes = lines.map((line) => `${line}\n`).join('');
  const directory = directoryFor(t);
  mkdirSync(directory);
  const write = (second: number, content: string): void => {
    const said = { flush: 0, time: 5, series: 1, bytes: Buffer.byteLength(content) };
    const flush = JSON.stringify({ ...said, crc32: seal(crc32(content), said) });
    const name = `ringmeter-19700101T00000${second}001Z-aaaaaaaaaaaaaaaa-00000${second}.jsonl`;
    writeFileSync(join(directory, name), `${content}${flush}\n`);
  };
  write(1, bytes);
  write(2, `{"ringmeter":${text}}\n`);
  return directory;
}

test('no content of a file reaches the terminal as a control character', async (t) => {
  const directory = hostileDirectory(t);
  const table = await runHere('cat', directory);
  t.match(table.output, '\\u202e');
  t.match(table.errors, 'its format is version \\u001b[31m');
  const json = await runHere('cat', '--json', directory);
  const { source, metrics } = JSON.parse(json.output);
  t.equal(source, EVIL, 'JSON says the same as before');
  t.same(metrics[0].labels, { [EVIL]: EVIL });
  for (const { output, errors } of [table, json]) t.notMatch(output + errors, CONTROL);
});

test('no answer of an endpoint reaches the terminal as a control character', async (t) => {
  const body = `# HELP x_ms ${EVIL.replace('\r', '')}\n# TYPE x_ms gauge\nx_ms{a="${EVIL.replace('\r', '')}"} 1\n`;
  const server = createServer(({ url }, response) => {
    if (url === '/wrong') response.writeHead(200, { 'content-type': 'text/plain' }).end(`x{${EVIL}`);
    else if (url === '/api/v1/alerts')
      response.end(
        JSON.stringify({
          status: 'success',
          data: { alerts: [{ labels: { alertname: EVIL }, state: 'firing', value: EVIL }] },
        }),
      );
    else response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const args of [
    ['lint', url],
    ['lint', '--json', url],
    ['lint', `${url}/wrong`],
    ['lint', '--ignore', EVIL, url],
    ['top', '--once', '--interval', '10ms', url],
    ['top', '--once', `${url}/wrong`],
    [EVIL],
    ['cat', EVIL],
  ]) {
    const { output, errors } = await runHere(...args);
    t.notMatch(output + errors, CONTROL, args.join(' '));
    t.not(output + errors, '', args.join(' '));
  }
});

test('no name that a user chose reaches the terminal as a control character in a warning', (t) => {
  const program = `
    const { MetricsCollector } = require('ringmeter');
    const collector = new MetricsCollector({ flushWorkers: 0, storage: [], flushInterval: 0 });
    collector.recordCounter(${JSON.stringify(EVIL)});
    collector.counter('x_total').increment(1, { ${JSON.stringify(EVIL)}: 'a' });
    collector.close();`;
  const command = ['-u', 'NODE_OPTIONS', process.execPath, '-e', program];
  const { stderr } = spawnSync('env', command, { encoding: 'utf8', timeout: 60_000 });
  t.match(stderr, 'RINGMETER_INVALID_RECORD');
  t.notMatch(stderr, CONTROL);
  t.end();
});
