import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { MemoryStorage } from 'ringmeter';
import { test } from 'tap';
import ts from 'typescript';
import { resolveOptions } from '../dist/src/collector/options.js';
import { errorCodes } from '../dist/src/common/errors.js';
import { resolveDefinition } from '../dist/src/instruments/definitions.js';
import { code, members, table, text } from './helpers/document';

const root = join(__dirname, '..');
const readme = text('README.md');

/** What a default in a table means. */
const evaluate = (code: string): unknown =>
  JSON.parse(JSON.stringify(runInNewContext(`(${code})`, { MemoryStorage: { default: true } })));

test('docs/errors.md and the error table of the sources list the same codes', async (t) => {
  const documented = table(text('docs/errors.md'), '## Errors');
  t.same(
    documented.map(([code]) => code),
    Object.keys(errorCodes),
  );
  for (const [code, cause, cure, ...rest] of documented)
    t.ok(cause.length > 10 && cure.length > 10 && rest.length === 0, `${code} has a cause and a cure`);
});

test('docs/errors.md lists every code the sources mention, and no other', async (t) => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const mentioned = sources.flatMap((file) => text(join('src', file)).match(/\bRINGMETER_[A-Z_]+\b/g) ?? []);
  const document = text('docs/errors.md');
  const documented = ['## Errors', '## Warnings'].flatMap((heading) => table(document, heading).map(([code]) => code));
  t.same(documented.sort(), [...new Set(mentioned)].sort());
});

test('the README lists exactly the options of a collector, with their defaults', async (t) => {
  const rows = table(readme, '### `new MetricsCollector(options)`');
  const worker = members('src/collector/options.ts', 'WorkerOptions').map((name) => `worker.${name}`);
  const shutdown = members('src/collector/options.ts', 'ShutdownOptions').map((name) => `shutdown.${name}`);
  const groups: Record<string, string[]> = { worker, shutdown };
  const expected = members('src/collector/options.ts', 'CollectorOptions').flatMap((name) => groups[name] ?? name);
  t.same(
    rows.map(([name]) => name),
    expected,
  );
  const { settings, storages, niceIncrement, resourceLimits, shutdown: atEnd, ...others } = resolveOptions();
  t.equal(storages.length, 1);
  t.ok(storages[0] instanceof MemoryStorage);
  const defaults: Record<string, unknown> = {
    ...settings,
    ...others,
    dashboard: undefined,
    'worker.niceIncrement': niceIncrement,
    'worker.resourceLimits': resourceLimits,
    'shutdown.timeout': atEnd.timeout,
    'shutdown.signals': atEnd.signals,
  };
  for (const [name, shown] of rows)
    if (name === 'storage') t.equal(shown, 'new MemoryStorage()');
    else t.same(shown === '' ? undefined : evaluate(shown), defaults[name], `default of ${name}`);
});

test('the README lists exactly the options of the metrics, with their defaults', async (t) => {
  const file = 'src/instruments/definitions.ts';
  const rows = table(readme, '### `collector.counter(name, options)`, `gauge`, `histogram`, `summary`');
  const listed = (of: string): string[] => rows.filter((row) => row[1] === of).map(([name]) => name);
  t.same(listed('all'), members(file, 'MetricOptions'));
  t.same(listed('histogram'), members('src/kinds/definition.ts', 'BucketOptions'));
  t.same(listed('summary'), members('src/kinds/definition.ts', 'WindowOptions'));
  for (const [name, of, shown] of rows) {
    const definition: object = resolveDefinition(of === 'histogram' ? 'histogram' : 'summary', 'x', undefined);
    const present: unknown = (definition as Record<string, unknown>)[name];
    t.same(shown === '' ? undefined : evaluate(shown), present ?? undefined, `default of ${name}`);
  }
});

test('the README lists exactly the options of MemoryStorage and listen, with their defaults', async (t) => {
  const rows = table(readme, '### `new MemoryStorage(options)`');
  t.same(
    rows.map(([name]) => name),
    members('src/storages/memory/memory.ts', 'MemoryStorageOptions'),
  );
  const { maxAge, maxSnapshots, history } = new MemoryStorage().description.options as {
    maxAge: number;
    maxSnapshots: number;
    history: SharedArrayBuffer;
  };
  t.same(
    rows.map(([, shown]) => evaluate(shown)),
    [maxAge / 1000, maxSnapshots, history.byteLength],
  );

  const listen = table(readme, '### `collector.listen(options)`');
  const source = text('src/pool/endpoint.ts');
  t.same(
    listen.map(([name]) => name),
    members('src/pool/endpoint.ts', 'ListenOptions'),
  );
  for (const [name, shown] of listen)
    t.match(source, new RegExp(`'${name}', given\\.${name}, ${shown}`), `default of ${name}`);
});

test('docs/storage-prometheus.md lists exactly the options there are', async (t) => {
  const document = text('docs/storage-prometheus.md');
  const listed = (heading: string): string[] => table(document, heading).map(([name]) => name);
  const file = 'src/storages/prometheus.ts';
  t.same(listed('### Options of `pushgateway`'), members(file, 'PushgatewayOptions'));
  t.same(listed('### Options of `remoteWrite`'), members(file, 'RemoteWriteOptions'));
  const all = [
    ...members(file, 'PrometheusStorageOptions'),
    ...members('src/net/http-options.ts', 'HttpOptions'),
    ...members('src/delivery/types.ts', 'DeliveryOptions'),
  ];
  // options that have options of their own are one row
  t.same(listed('## Options of both'), [...new Set(all.map((name) => name.replace(/\..*/, '')))]);
});

test('docs/functions.md lists exactly the options there are', async (t) => {
  const document = text('docs/functions.md');
  const listed = table(document, '## Options').map(([name]) => name);
  t.same(listed, members('src/monitoring/observation.ts', 'MonitoringOptions'));
});

const GUIDES = ['naming', 'labels', 'buckets', 'cost', 'threads', 'shutdown'];

for (const guide of GUIDES)
  test(`the claims of docs/${guide}.md are shown by tests and benchmarks that exist`, async (t) => {
    const document = text(`docs/${guide}.md`);
    const proofs = [...document.matchAll(/\]\(\.\.\/((?:test|perf)\/[^\s)]+)\s+"([^"]+)"\)/g)];
    t.ok(proofs.length >= 4, `${proofs.length} proofs`);
    for (const [, file, title] of proofs)
      t.ok(text(file).includes(title.replace(/'/g, "\\'")) || text(file).includes(title), `${file} has ${title}`);
    for (const [, file] of document.matchAll(/\]\((\w[\w/-]*\.md)\)/g)) t.ok(text(`docs/${file}`), `there is ${file}`);
  });

test('the quick start of the README runs as printed', async (t) => {
  const { outputText } = ts.transpileModule(code(readme, '## Quick start'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 },
  });
  const file = join(t.testdir({ 'quick.mjs': outputText }), 'quick.mjs');
  const execArgv = ['--require', join(root, 'test', 'fixtures', 'any-port.cjs')];
  const child = fork(file, { execArgv, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  t.teardown(() => child.kill());

  const [[{ service }], metrics] = await Promise.all([
    once(child, 'message') as Promise<[{ service: number }]>,
    announced(child),
  ]);
  for (const method of ['GET', 'GET', 'POST'])
    t.equal(await (await fetch(`http://127.0.0.1:${service}`, { method })).text(), 'hello\n');

  const wanted = [
    'http_requests_total{method="GET"} 2',
    'http_requests_total{method="POST"} 1',
    'http_request_duration_seconds_count 3',
  ];
  t.same(await linesOf(metrics, wanted), wanted);
});

/** The address that the quick start prints. */
async function announced({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) {
    const [, url] = /^metrics at (.*)$/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error('the quick start ended without an address');
}

/** Scrapes until all the lines are there or a deadline has passed. Returns those that are. */
async function linesOf(url: string, wanted: readonly string[]): Promise<string[]> {
  for (const deadline = Date.now() + 5_000; ; await sleep(10)) {
    const lines = (await (await fetch(url)).text()).split('\n');
    const found = wanted.filter((line) => lines.includes(line));
    if (found.length === wanted.length || Date.now() > deadline) return found;
  }
}
