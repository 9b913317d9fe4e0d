import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { attachCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { mainThreadStack } from '../../dist/src/process/main-stack.js';
import { collectorFor } from '../instruments/support';

const MODULE = join(__dirname, '..', '..', 'dist', 'src', 'process', 'main-stack.js');

/** A thread that asks for the stack when it is told to. */
const ASKING = `
  const { parentPort } = require('node:worker_threads');
  const { mainThreadStack } = require(${JSON.stringify(MODULE)});
  parentPort.on('message', ({ delay, timeout, exit }) => setTimeout(async () => {
    const began = performance.now();
    const asked = mainThreadStack(timeout).then((stack) => ({ stack }), ({ code, message }) => ({ code, message }));
    if (exit) process.exit();
    parentPort.postMessage({ ...(await asked), took: performance.now() - began });
  }, delay));
`;

interface Said {
  stack?: string;
  code?: string;
  message?: string;
  took: number;
}

function asking(t: Test): { worker: Worker; during: (block: () => void, timeout?: number) => Promise<Said> } {
  const worker = new Worker(ASKING, { eval: true, execArgv: [] });
  t.teardown(() => worker.terminate());
  const during = async (block: () => void, timeout = 5_000): Promise<Said> => {
    const said = once(worker, 'message');
    worker.postMessage({ delay: 100, timeout });
    block();
    return (await said)[0];
  };
  return { worker, during };
}

function turnTheCrank(milliseconds = 400): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

function matchForEver(): void {
  /^(a+)+$/.test(`${'a'.repeat(23)}b`);
}

function waitForNobody(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
}

test('a loop, a regular expression and Atomics.wait are interrupted, and give their stack', async (t) => {
  const { worker, during } = asking(t);
  await once(worker, 'online');
  for (const block of [turnTheCrank, matchForEver, waitForNobody]) {
    const { stack, message, took } = await during(block);
    t.match(stack, new RegExp(`(^|\\n)${block.name} \\(`), `${block.name}: ${message ?? stack?.split('\n')[0]}`);
    t.comment(`${block.name}: answered in ${took.toFixed(1)} ms`);
  }
});

test('an idle thread has no stack', async (t) => {
  const { worker, during } = asking(t);
  await once(worker, 'online');
  t.equal((await during(() => {})).stack, '');
});

test('native code is not interrupted: the call fails after its timeout, and does no harm', async (t) => {
  const { worker, during } = asking(t);
  await once(worker, 'online');
  const { code, message } = await during(() => execFileSync('sleep', ['1']), 200);
  t.equal(code, 'RINGMETER_STACK_UNAVAILABLE');
  t.match(message, '200 ms');
  t.match((await during(turnTheCrank)).stack, 'turnTheCrank', 'the next question is answered');
});

test('interrupted code is not disturbed: no promise continues, no user code runs, nothing is changed', async (t) => {
  const { worker, during } = asking(t);
  await once(worker, 'online');
  const { prepareStackTrace, stackTraceLimit } = Error;
  let ran = '';
  Error.prepareStackTrace = (error) => {
    ran += ' prepareStackTrace';
    return String(error);
  };
  Error.stackTraceLimit = 1;
  t.teardown(() => Object.assign(Error, { prepareStackTrace, stackTraceLimit }));
  const mine = Error.prepareStackTrace;
  const said = await during(() => {
    void Promise.resolve().then(() => {
      ran += ' promise';
    });
    process.nextTick(() => {
      ran += ' tick';
    });
    turnTheCrank();
    t.equal(ran, '', 'during the block');
    t.equal(Error.stackTraceLimit, 1);
    t.equal(Error.prepareStackTrace, mine);
  });
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  t.match(said.stack, /turnTheCrank[\s\S]*\n[\s\S]*\n/, 'more calls than the limit of the user');
});

test('the thread is never paused, and an attached debugger gets no event', async (t) => {
  const { worker, during } = asking(t);
  await once(worker, 'online');
  const debugging = new Session();
  debugging.connect();
  t.teardown(() => debugging.disconnect());
  let paused = 0;
  debugging.on('Debugger.paused', () => paused++);
  debugging.post('Debugger.enable');
  t.match((await during(turnTheCrank)).stack, 'turnTheCrank');
  t.equal(paused, 0);
});

test('a thread that ends, or is terminated, while it asks for the stack does not affect the main thread', async (t) => {
  for (let round = 0; round < 10; round++) {
    const { worker } = asking(t);
    await once(worker, 'online');
    worker.postMessage({ delay: 0, timeout: 60_000, exit: true });
    const began = performance.now();
    turnTheCrank(100);
    t.ok(performance.now() - began < 5_000);
    await once(worker, 'exit');
  }
  for (let round = 0; round < 10; round++) {
    const { worker } = asking(t);
    await once(worker, 'online');
    for (let question = 0; question < 50; question++) worker.postMessage({ delay: question / 10, timeout: 60_000 });
    turnTheCrank(5 + round);
    await worker.terminate();
  }
  const beforeSleep = performance.now();
  await sleep(20);
  t.ok(performance.now() - beforeSleep < 5_000, 'the event loop turns');
});

test('the main thread cannot ask for its own stack', async (t) => {
  await t.rejects(mainThreadStack(1_000), { code: 'RINGMETER_STACK_UNAVAILABLE', message: /flushWorkers/ });
  const alone = collectorFor(t);
  await t.rejects(alone.mainThreadStack(), { code: 'RINGMETER_STACK_UNAVAILABLE' });
});

test('a collector asks a flush worker for the stack', async (t) => {
  const collector = collectorFor(t, { flushWorkers: 1, storage: [] });
  t.equal(typeof (await collector.mainThreadStack()), 'string');
  t.equal(attachCollector(collector.handle), collector);
  await t.rejects(collector.mainThreadStack({ timeout: 0 }), { code: 'RINGMETER_INVALID_OPTION' });
  await t.rejects(collector.mainThreadStack({ patience: 1 } as never), { code: 'RINGMETER_INVALID_OPTION' });
});

test('where node has no inspector, or does not allow it, the error says so', async (t) => {
  const program = `
    const { Worker } = require('node:worker_threads');
    new Worker(${JSON.stringify(`${ASKING} parentPort.emit('message', { delay: 0, timeout: 5000 });`)}, { eval: true })
      .on('message', ({ code, message }) => { console.log(code, message); process.exit(); });
  `;
  const permission = ['--experimental-permission', '--allow-fs-read=*', '--allow-worker'];
  // what the runner of the tests preloads is not permitted then
  const command = ['-u', 'NODE_OPTIONS', process.execPath, ...permission, '-e', program];
  const { stdout, stderr } = spawnSync('env', command, { encoding: 'utf8', timeout: 20_000 });
  t.match(stdout, /^RINGMETER_STACK_UNAVAILABLE the inspector of node is not available: /, stderr);
});
