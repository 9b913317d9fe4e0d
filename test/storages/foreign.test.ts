import { join } from 'node:path';
import { type ModuleStorage, StorageFailure } from 'ringmeter';
import { type Test, test } from 'tap';
import { ForeignStorage } from '../../dist/src/storages/module/foreign.js';
import { collectorFor, refuses, textOf, until } from '../instruments/support';
import { readLines } from './lines';

const LINES = join(__dirname, '..', 'fixtures', 'storages', 'lines.cjs');
const QUICK = { firstDelay: 20, longestDelay: 40 };

/** A module of the user's, as text. */
function moduleOf(t: Test, text: string, name = 'own.mjs'): string {
  return join(t.testdir({ [name]: text }), name);
}

for (const flushWorkers of [0, 1])
  test(`a module is opened, given every snapshot, and closed (flushWorkers: ${flushWorkers})`, async (t) => {
    const file = join(t.testdir({}), 'own.jsonl');
    const collector = collectorFor(t, {
      flushWorkers,
      storage: { module: LINES, options: { file }, interval: 0 },
    });
    for (let value = 1; value <= 3; value++) {
      collector.counter('n').increment();
      t.ok((await collector.collectAndStore()).isOk());
    }
    await collector.close();
    const lines = readLines(file);
    t.same(
      lines.map(({ event, values }) => [event, values?.n]),
      [
        ['open', undefined],
        ['stored', 1],
        ['stored', 2],
        ['stored', 3],
        ['stored', 3],
        ['close', undefined],
      ],
    );
    t.match(collector.stats().storages, [{ name: 'lines', stored: 4, failures: 0, queued: 0 }]);
  });

const KINDS = {
  'an ES module with named exports': ['own.mjs', 'export const store = (s, c) => { c.options.seen[0]++; };'],
  'an ES module with a default export': [
    'own.mjs',
    'export default { seen: 1, store(s, c) { c.options.seen[0] += this.seen; } };',
  ],
  'a CommonJS module': ['own.cjs', 'exports.store = (s, c) => { c.options.seen[0]++; };'],
  'a CommonJS module that is an instance': [
    'own.cjs',
    'module.exports = new (class { store(s, c) { c.options.seen[0] += this.one(); } one() { return 1; } })();',
  ],
  'a transpiled ES module': [
    'own.cjs',
    'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = { store: (s, c) => { c.options.seen[0]++; } };',
  ],
};

for (const [what, [name, text]] of Object.entries(KINDS))
  test(`${what} can be a storage`, async (t) => {
    const seen = new Int32Array(new SharedArrayBuffer(4));
    const collector = collectorFor(t, { storage: { module: moduleOf(t, text, name), options: { seen } } });
    (await collector.collectAndStore()).unwrap();
    t.equal(seen[0], 1);
    t.equal(collector.stats().storages[0].name, 'own', 'it is called as its file');
  });

test('a module gets the metrics, the exposition and the options', async (t) => {
  const module = moduleOf(
    t,
    `import { writeFileSync } from 'node:fs';
     export function store(snapshot, { name, options, signal }) {
       const { contentType, body } = snapshot.exposition();
       const metrics = snapshot.metrics().filter(({ name }) => name === 'n');
       const text = Buffer.from(body).toString();
       writeFileSync(options.file, JSON.stringify({ name, aborted: signal.aborted, metrics, contentType, text }));
     }`,
  );
  const file = join(module, '..', 'seen.json');
  const collector = collectorFor(t, {
    defaultLabels: { service: 'api' },
    storage: { module, options: { file }, name: 'mine', interval: 0 },
  });
  collector.counter('n', { description: 'Things' }).increment(3, { a: 1 });
  (await collector.collectAndStore()).unwrap();
  const { name, aborted, metrics, contentType, text } = JSON.parse(
    (await import('node:fs')).readFileSync(file, 'utf8'),
  );
  t.match({ name, aborted }, { name: 'mine', aborted: false });
  t.match(metrics, [
    { name: 'n', type: 'counter', value: 3, labels: { a: '1', service: 'api' }, description: 'Things' },
  ]);
  t.match(contentType, /^text\/plain/);
  t.match(text, /^# HELP n Things\n# TYPE n counter\nn\{a="1",service="api"\} 3$/m);
  t.ok((await textOf(collector)).includes('n{a="1",service="api"} 3'));
});

test('a module keeps its state between calls; open is called again until it succeeds', async (t) => {
  const module = moduleOf(
    t,
    `let opened = 0; let stored = 0;
     export const open = () => { if (++opened < 3) throw new Error('not yet ' + opened); };
     export const store = () => { stored++; };
     export const query = () => [{ name: 'x', labels: {}, points: [{ timestamp: opened, value: stored }] }];`,
  );
  const collector = collectorFor(t, { storage: { module, retry: QUICK } });
  t.equal((await collector.collectAndStore()).unwrapErr().failures[0].message, 'not yet 1');
  await until('it is stored', () => collector.stats().storages[0].stored === 1);
  (await collector.collectAndStore()).unwrap();
  t.same(await collector.storage.query({ name: 'x' }), [
    { name: 'x', labels: {}, points: [{ timestamp: 3, value: 2 }] },
  ]);
});

test('a module is opened before it is queried, and its query may fail', async (t) => {
  const answers = {
    'export const query = async () => { throw new Error("no idea"); };': {
      message: /no idea/,
      code: 'RINGMETER_STORAGE_FAILED',
    },
    'export const query = () => { throw Object.create(null); };': {
      message: /an object/,
      code: 'RINGMETER_STORAGE_FAILED',
    },
    'export const query = () => new Promise(() => {});': { message: /no answer from own in 1000 ms/ },
    'export const query = () => [() => {}];': { message: /could not be cloned/ },
    'export const query = () => process.exit(4);': { message: /exit code 4/ },
    'export const query = () => { for (;;); };': { message: /no answer from own in 1000 ms/ },
    'export const open = () => { throw new Error("shut"); }; export const query = () => [];': { message: /shut/ },
    '': { message: /cannot be queried/, code: 'RINGMETER_INVALID_QUERY' },
  };
  for (const [index, [text, error]] of Object.entries(answers).entries()) {
    const module = moduleOf(t, `export const store = () => {};\n${text}`, `own${index}.mjs`);
    const timeout = String(error.message).includes('1000 ms') ? 1_000 : 60_000;
    const collector = collectorFor(t, { storage: { module, name: 'own', timeout } });
    await t.rejects(collector.storage.query({ name: 'x' }), error, text);
    await collector.close();
  }
});

test('a module may mark a failure as permanent, or give the time of the next attempt', async (t) => {
  const module = moduleOf(
    t,
    `let calls = 0;
     export async function store(snapshot, { options }) {
       options.at[calls++] = Date.now() % 1e6;
       if (calls === 1) throw Object.assign(new Error('never'), { retryable: false });
       if (calls === 2) throw Object.assign(new Error('later'), { retryAfter: 500 });
     }`,
  );
  const at = new Float64Array(new SharedArrayBuffer(80));
  const collector = collectorFor(t, { storage: { module, options: { at }, retry: QUICK } });
  t.ok((await collector.collectAndStore()).isErr());
  t.ok((await collector.collectAndStore()).isErr());
  await until('it is stored', () => collector.stats().storages[0].stored === 1);
  t.ok(at[2] - at[1] >= 495 || at[2] < at[1], `${at[2] - at[1]} ms later`);
  t.match(collector.stats().storages[0], { rejected: 1, failures: 2, retries: 1 });
});

test('a module whose aborted call ends is not replaced', async (t) => {
  const module = moduleOf(
    t,
    `let calls = 0;
     export const store = (_, { signal, options }) => {
       options.calls[0] = ++calls;
       if (calls < 4) return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
     };`,
  );
  const calls = new Int32Array(new SharedArrayBuffer(4));
  const collector = collectorFor(t, { storage: { module, options: { calls }, timeout: 60, retry: QUICK } });
  t.match((await collector.collectAndStore()).unwrapErr().message, /more than 60 ms/);
  await until('it is stored', () => collector.stats().storages[0].stored === 1);
  // a busy machine may not answer in time once more
  t.ok(calls[0] >= 4, 'its state is still there');
});

test('options are cloned when the storage is made', async (t) => {
  const module = moduleOf(t, `export const store = (_, { options }) => { options.seen[0] = options.value; };`);
  const seen = new Int32Array(new SharedArrayBuffer(4));
  const options = { value: 1, seen };
  const storage = new ForeignStorage({ module, options });
  options.value = 2;
  const collector = collectorFor(t, { storage });
  (await collector.collectAndStore()).unwrap();
  t.equal(seen[0], 1);
});

test('the default name of a storage', async (t) => {
  const folder = t.testdir({
    'a.b.js': '',
    own: { 'index.js': '' },
    [`${'x'.repeat(80)}.js`]: '',
    node_modules: {
      packed: { 'package.json': '{"main":"lib/index.js"}', lib: { 'index.js': '' } },
    },
  });
  const kindOf = (module: string): string => new ForeignStorage({ module }).description.kind;
  t.equal(kindOf(join(folder, 'a.b.js')), 'a.b');
  t.equal(kindOf(join(folder, 'own')), 'own');
  t.equal(kindOf(join(folder, `${'x'.repeat(80)}.js`)), 'x'.repeat(64));
  t.equal(kindOf('./package.json'), 'package', 'from the working directory');
  t.equal(kindOf('tap'), 'tap');
});

test('the options of a storage that is a module are checked', async (t) => {
  const make = (given: unknown) => () => new ForeignStorage(given as ModuleStorage);
  for (const [given, ...says] of [
    [{}, 'module', 'undefined'],
    [{ module: 7 }, 'module', '7'],
    [{ module: '' }, 'module'],
    [{ module: './no-such-file.js' }, 'must be resolvable from', 'no-such-file'],
    [{ module: 'no-such-package' }, 'no-such-package'],
    [{ module: LINES, option: {} }, 'option'],
    [{ module: LINES, options: { f: () => {} } }, 'cloned'],
    [{ module: LINES, options: Symbol('x') }, 'cloned'],
    [{ module: LINES, maxMemory: 1024 }, 'maxMemory of lines', '1024'],
    [{ module: LINES, maxMemory: '64 MB' }, 'maxMemory'],
    [{ module: LINES, name: '' }, 'name'],
    [{ module: LINES, interval: -1 }, 'interval of lines', '-1'],
    [{ module: LINES, timeout: 0 }, 'timeout'],
    [{ module: LINES, queue: { maxBytes: 10 } }, 'queue.maxBytes'],
    [{ module: LINES, queue: { maxAge: 0 } }, 'queue.maxAge'],
    [{ module: LINES, queue: 5 }, 'queue'],
    [{ module: LINES, retry: { firstDelay: 0 } }, 'retry.firstDelay'],
    [{ module: LINES, retry: { firstDelay: 50, longestDelay: 40 } }, 'retry.longestDelay', '40'],
    [{ module: LINES, retry: { tries: 3 } }, 'tries'],
  ] as [unknown, ...string[]][])
    refuses(t, make(given), 'RINGMETER_INVALID_OPTION', ...says);
});

test('a failure says whether it can be retried', async (t) => {
  const failure = new StorageFailure('full', { retryable: false });
  t.match(failure, { code: 'RINGMETER_STORAGE_FAILED', retryable: false, retryAfter: undefined });
});
