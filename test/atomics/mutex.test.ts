import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { isWanted, recover, tryLock, unlock } from '../../dist/src/atomics/mutex.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { until } from '../instruments/support';

const MUTEX = require.resolve('../../dist/src/atomics/mutex.js');
const ME = 1;
const OTHER = 2;

/** A thread that waits for one lock, marks that it had it, and gives it back. */
async function waiter(words: SharedArrayBuffer, index: number, had: number): Promise<Worker> {
  const source = `
    const { lock, unlock } = require(${JSON.stringify(MUTEX)});
    const { parentPort, workerData } = require('node:worker_threads');
    const i32 = new Int32Array(workerData);
    parentPort.postMessage('waits');
    if (lock(i32, ${index}, ${OTHER}, performance.now() + 20_000)) {
      Atomics.add(i32, ${had}, 1);
      unlock(i32, ${index});
    }
  `;
  const worker = new Worker(source, { eval: true, workerData: words, execArgv: [] });
  await once(worker, 'message');
  return worker;
}

test('the owner of a lock sees that another thread waits, and yields by releasing it', async (t) => {
  const words = new SharedArrayBuffer(64);
  const i32 = new Int32Array(words);
  t.ok(tryLock(i32, 0, ME));
  t.notOk(tryLock(i32, 0, ME), 'it is not re-entrant');
  t.notOk(isWanted(i32, 0));
  const worker = await waiter(words, 0, 8);
  await until('the other waits', () => isWanted(i32, 0));
  t.equal(i32[8], 0);
  unlock(i32, 0);
  await once(worker, 'exit');
  t.equal(i32[8], 1);
  t.notOk(isWanted(i32, 0), 'nobody waits any more');
});

test('waiting threads recover the lock of a thread that has ended, and not the lock of a running thread', async (t) => {
  const words = new SharedArrayBuffer(64);
  const i32 = new Int32Array(words);
  const DEAD = 7;
  tryLock(i32, 0, DEAD);
  t.notOk(recover(i32, 0, ME), 'this one does not hold it');
  const worker = await waiter(words, 0, 8);
  t.ok(recover(i32, 0, DEAD));
  await once(worker, 'exit');
  t.equal(i32[8], 1);
});

test('a long read under the locks of all shards lets a thread in that waits for one of them', async (t) => {
  const arena = Arena.create({ maker: 1, maxMemory: 2 ** 20, maxThreads: 3, ringCapacity: 64, settings: {} });
  const { i32 } = arena;
  const drainer = new Drainer(arena, ME);
  const [, shard] = drainer.shards;
  const had = i32.length - 1;
  // it cannot have the lock before the others are taken
  tryLock(i32, shard.lock, ME);
  const worker = await waiter(arena.buffer, shard.lock, had);
  await until('the other waits', () => isWanted(i32, shard.lock));
  i32[shard.lock] = 0;

  drainer.withDrained(drainer.shards, 1_000, (breathe) => {
    const before = i32[had];
    const deadline = performance.now() + 20_000;
    while (i32[had] === 0 && performance.now() < deadline) breathe();
    t.equal(i32[had], 1, `the other thread had the lock ${before === 0 ? 'meanwhile' : 'before'}`);
    for (const { lock } of drainer.shards) t.equal(i32[lock], ME, 'all locks are back');
  });
  await once(worker, 'exit');
});
