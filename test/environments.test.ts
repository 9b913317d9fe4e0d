import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setEnvironmentData } from 'node:worker_threads';
import * as one from 'ringmeter';
import { test } from 'tap';
import { LAYOUT_VERSION } from '../dist/src/arena/layout.js';
import { keptArguments, keptOptions, loadsPackages } from '../dist/src/pool/node-options.js';
import { collectorFor } from './instruments/support';

const run = promisify(execFile);
const MAIN = require.resolve('ringmeter');
const DIST = join(__dirname, '..', 'dist');

function anotherCopy(): typeof one {
  for (const file of Object.keys(require.cache)) if (file.startsWith(DIST)) delete require.cache[file];
  return require(MAIN);
}

/** The output of a program in a node that is started with these options. */
async function output(args: readonly string[], program: string): Promise<string> {
  const code = `const { MetricsCollector } = require(${JSON.stringify(MAIN)});${program}`;
  const command = ['-u', 'NODE_OPTIONS', process.execPath, '--no-warnings', ...args, '-e', code];
  return (await run('env', command)).stdout;
}

test('a collector of another copy of the package is accepted everywhere', async (t) => {
  const collector = collectorFor(t, { flushWorkers: 0 });
  const two = anotherCopy();
  t.not(two.MetricsCollector, one.MetricsCollector);
  t.equal(two.attachCollector(collector.handle), collector);
  two.setMetricsCollector(collector);
  two.collectDefaultMetrics({ collector });
  two.expressMetrics({ collector });
  two.instrumentServer(createServer(), { collector });
  two.instrumentUndici({ collector })();
  t.equal(two.monitored(() => 1, { counterMetric: new two.CounterMetric('m_total'), collector })(), 1);
  t.equal(collector.counter('m_total').getValue(), 1);
  const notifiers = [new one.WebhookNotifier({ url: 'http://127.0.0.1:9' })];
  await new two.MetricsCollector({ flushWorkers: 0, notifiers, rules: [] }).close();
});

test('a value that is not a collector is refused everywhere with a code', async (t) => {
  const throwing = {
    get handle() {
      throw new Error('no');
    },
  };
  for (const collector of [null, 1, {}, { handle: new SharedArrayBuffer(8) }, throwing] as never[]) {
    const refused = { code: 'RINGMETER_INVALID_OPTION' };
    t.throws(() => one.setMetricsCollector(collector), refused);
    t.throws(() => one.expressMetrics({ collector }), refused);
    t.throws(() => one.monitored(() => 1, { collector }), refused);
  }
});

test('recording by name does not throw whatever the environment data of the thread are', async (t) => {
  const other = new SharedArrayBuffer(4096);
  new Int32Array(other).set([0x524d5452, LAYOUT_VERSION - 1]);
  for (const name of ['ringmeter.arena', `ringmeter.arena.${LAYOUT_VERSION}`]) setEnvironmentData(name, other as never);
  t.teardown(() => setEnvironmentData(`ringmeter.arena.${LAYOUT_VERSION}`, undefined as never));
  one.recordCounter('x_total');
  one.recordGauge('x', 1);
  const made = one.getMetricsCollector();
  t.teardown(() => made.close());
  t.equal(made.gauge('x').getValue(), 1);
});

test('threads get the node options that load modules, and no others', async (t) => {
  const all = () => true;
  const given = [
    '--inspect=0',
    '-r',
    './a.js',
    '--import=tsx',
    '--cpu-prof',
    '--conditions',
    'dev',
    '--no_warnings',
    '-e',
    '1',
    '--test',
  ];
  t.same(keptArguments(given, all), ['-r', './a.js', '--import', 'tsx', '--conditions', 'dev', '--no_warnings']);
  t.same(keptArguments(given, loadsPackages), ['--conditions', 'dev', '--no_warnings']);
  const pnp = '--require "/a b/.pnp.cjs" --experimental-loader file:///a/.pnp.loader.mjs';
  t.equal(keptOptions(`${pnp} --max-old-space-size=99 --require ./agent.js`, loadsPackages), pnp);
});

test('recording, exporting and the dashboard work where code generation from strings is disallowed', async (t) => {
  const program = `const c = new MetricsCollector({ flushWorkers: 0, flushInterval: 0 }); c.counter('a_total').inc();
    c.exportJson().then((text) => { console.log(text); return c.dashboard(); }).then(() => c.close());`;
  t.match(await output(['--disallow-code-generation-from-strings'], program), /"name":"a_total".*"value":1/);
});

test('where threads are not allowed, the error says what to do', async (t) => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  const program = `const c = new MetricsCollector(); c.exportJson().catch((e) => { console.log(e.code, e.message); c.close(); });`;
  t.match(
    await output([flag, '--allow-fs-read=*'], program),
    /RINGMETER_WORKER_FAILED .*--allow-worker.*flushWorkers: 0/,
  );
});

test('where there is no memory for the arena, the error says what to do', async (t) => {
  const program = `globalThis.SharedArrayBuffer = class { constructor() { throw new RangeError('Array buffer allocation failed'); } };
    try { new MetricsCollector(); } catch (e) { console.log(e.code, e.message); }
    delete globalThis.SharedArrayBuffer;
    try { new MetricsCollector(); } catch (e) { console.log(e.code, e.message); }`;
  const text = await output([], program);
  t.match(text, /RINGMETER_OUT_OF_MEMORY .*lower max/);
  t.match(text, /no SharedArrayBuffer/);
});
