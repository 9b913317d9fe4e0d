import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { MessageChannel, Worker } from 'node:worker_threads';
import { MemoryStorage } from 'ringmeter';
import { type Test, test } from 'tap';
import { makePorts } from '../../dist/src/delivery/port.js';
import type { FlushTask, FlushTasks, FlushWorkerData, Outcome } from '../../dist/src/flush/messages.js';
import { collectorFor } from '../instruments/support';

const ROOT = join(__dirname, '..', '..');
const DIST = join(ROOT, 'dist');
const SETTINGS = {
  address: { port: 0, host: '127.0.0.1' },
  access: { origins: [] },
  serves: { api: true, dashboard: true },
};

/** What only those pay for who ask for it. */
const OPTIONAL = [
  'node_modules/yaml/',
  'node_modules/re2js/',
  'node_modules/@prometheus-io/',
  'node_modules/@lezer/',
  'node_modules/fast-json-stringify/',
  'node_modules/protobufjs/',
  'node_modules/snappyjs/',
  'node_modules/undici/',
  'node_modules/piscina/dist/main.js',
  'src/alerts/service.js',
  'src/dashboard/reporter.js',
  'src/dashboard/stream.js',
  'src/endpoint/api/answers.js',
  'src/lint/',
  'src/process/sources/',
  'src/query/engine.js',
  'src/query/parse.js',
  'src/storages/memory/memory-backend.js',
];

/** A flush worker that tells what it has loaded. */
const TELLING = `
  const { parentPort } = require('node:worker_threads');
  const { default: answer } = require(${JSON.stringify(join(DIST, 'workers', 'flush.js'))});
  parentPort.on('message', async (task) => parentPort.postMessage({
    outcome: await answer(task),
    loaded: Object.keys(require.cache),
  }));
`;

interface Answer {
  data: { result: { value: [number, string] }[] };
}

interface Told<T extends FlushTask> {
  outcome: Outcome<FlushTasks[T]['output']>;
  loaded: string[];
}

function tellingWorker(t: Test, withHistory: boolean) {
  const collector = collectorFor(t, { flushWorkers: 0 });
  collector.counter('seen_total').increment();
  const storages = withHistory ? makePorts([new MemoryStorage()], 0) : [];
  const parking = new SharedArrayBuffer(64);
  const workerData: FlushWorkerData = { arena: collector.handle.arena, storages, parking };
  const worker = new Worker(TELLING, { eval: true, workerData });
  t.teardown(() => worker.terminate());
  return async <T extends FlushTask>(task: T, input: FlushTasks[T]['input']): Promise<Told<T>> => {
    worker.postMessage({ task, input }, 'control' in input ? [input.control] : []);
    return (await once(worker, 'message'))[0];
  };
}

async function listening(t: Test, ask: ReturnType<typeof tellingWorker>): Promise<string> {
  const { port1, port2 } = new MessageChannel();
  t.teardown(() => port1.close());
  const { outcome } = await ask('listen', { settings: SETTINGS, control: port2 });
  if (!outcome.ok) throw new Error(outcome.error.message);
  return `http://127.0.0.1:${outcome.value.port}`;
}

const optional = (loaded: readonly string[]): string[] =>
  OPTIONAL.filter((part) => loaded.some((file) => file.includes(part)));

test('the modules that these tests look for exist', async (t) => {
  for (const part of OPTIONAL) t.ok(existsSync(join(part.startsWith('node_modules') ? ROOT : DIST, part)), part);
});

test('a flush worker that only answers scrapes has loaded no other feature', async (t) => {
  const ask = tellingWorker(t, false);
  const url = await listening(t, ask);
  const response = await fetch(`${url}/metrics`, { headers: { 'Accept-Encoding': 'gzip' } });
  t.match(await response.text(), /^seen_total 1$/m);
  const { loaded } = await ask('listen', { settings: SETTINGS, control: new MessageChannel().port2 });
  t.same(optional(loaded), []);
});

test('the first request for a route whose module is not loaded yet is answered, and so are concurrent ones', async (t) => {
  const ask = tellingWorker(t, true);
  const url = await listening(t, ask);
  const questions = ['vector(1)', 'vector(2)', 'vector(3)'];
  const answers = await Promise.all(
    questions.map(async (query) => (await fetch(`${url}/api/v1/query?query=${query}`)).json()),
  );
  t.same(
    (answers as Answer[]).map(({ data }) => data.result[0].value[1]),
    ['1', '2', '3'],
  );
  const { loaded } = await ask('json', {});
  const found = optional(loaded);
  for (const part of ['src/query/engine.js', 'src/endpoint/api/answers.js']) t.ok(found.includes(part), part);
  const compilers = loaded.filter((file) => /node_modules\/(ajv\/|fast-json-stringify\/index)/.test(file));
  t.same(compilers, [], 'the build has compiled the schemas');
});

test('a recording thread has loaded neither HTTP requests, nor default metrics, nor the file reader', async (t) => {
  const program = `
    const { MetricsCollector } = require(${JSON.stringify(join(DIST, 'src', 'index.js'))});
    new MetricsCollector().counter('seen_total').increment();
    process.stdout.write(JSON.stringify(Object.keys(require.cache)));
    process.exit();
  `;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill());
  const loaded: string[] = JSON.parse(await text(child.stdout));
  t.ok(loaded.some((file) => file.endsWith('src/collector/collector.js')));
  const parts = [...OPTIONAL, 'src/http/server-meter.js', 'src/process/thread/', 'src/storages/file/directory.js'];
  t.same(
    parts.filter((part) => loaded.some((file) => file.includes(part))),
    [],
  );
});
