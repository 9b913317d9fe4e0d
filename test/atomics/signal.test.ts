import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { raise, Sleeper } from '../../dist/src/atomics/signal.js';

const LONG = 60_000;

function sleeper() {
  const i32 = new Int32Array(new SharedArrayBuffer(8));
  return { i32, sleeper: new Sleeper(i32, 1, true) };
}

test('a sleep ends when its time is up', async () => {
  await sleeper().sleeper.sleep(5);
});

test('a raise ends every current sleep, also a raise by another thread', async (t) => {
  const { i32, sleeper: one } = sleeper();
  const sleeps = Promise.all([one.sleep(LONG), one.sleep(LONG), new Sleeper(i32, 1, false).sleep(LONG)]);
  const signal = JSON.stringify(require.resolve('../../dist/src/atomics/signal.js'));
  new Worker(`require(${signal}).raise(require('node:worker_threads').workerData, 1)`, {
    eval: true,
    workerData: i32,
    execArgv: [],
  });
  await sleeps;
  t.equal(i32[1], 1);
});

test('a raise between two sleeps ends the second one', async () => {
  const { i32, sleeper: one } = sleeper();
  await one.sleep(1);
  raise(i32, 1);
  await one.sleep(LONG);
});

test('raises in any number between and during sleeps wake again and again', async (t) => {
  const { i32, sleeper: one } = sleeper();
  for (let round = 0; round < 200; round++) {
    if (round % 2 === 0) raise(i32, 1);
    else setImmediate(() => raise(i32, 1));
    await one.sleep(LONG);
  }
  t.equal(i32[1], 200);
});

test('a sleep can be aborted', async () => {
  const { sleeper: one } = sleeper();
  setImmediate(() => one.end());
  await one.sleep(LONG);
});

test('the event loop turns during each sleep, however often the word is raised', async (t) => {
  const { i32, sleeper: one } = sleeper();
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  t.teardown(() => clearInterval(timer));
  // a loop that never gave timers a turn would never end
  while (turns < 20) {
    raise(i32, 1);
    await one.sleep(LONG);
  }
});
