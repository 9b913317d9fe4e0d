import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { FlushService } from '../../dist/src/flush/service.js';
import { WorkerBoard } from '../../dist/src/process/board.js';
import { collectorFor, until } from '../instruments/support';

const MODULE = join(__dirname, '..', '..', 'dist', 'src', 'process', 'board.js');

test('exactly one worker reports a stall, and another may report the next', async (t) => {
  const buffer = WorkerBoard.create(4);
  const [one, other] = [new WorkerBoard(buffer), new WorkerBoard(buffer)];
  t.same([one.claimStall(3, 1000.5), one.claimStall(3, 1000.5), other.claimStall(3, 1000.9)], [true, false, false]);
  t.ok(other.claimStall(3, 2000));
  t.notOk(one.claimStall(3, 2000));
  t.ok(one.claimStall(0, 2000), 'another shard');
  // beyond 32 bits, as a clock since the machine was started is after 25 days
  t.ok(one.claimStall(1, 2 ** 33 + 7));
  t.notOk(other.claimStall(1, 2 ** 33 + 7));
});

test('the last stall is the one written last, however long its stack is and whatever it contains', async (t) => {
  const buffer = WorkerBoard.create(4);
  const [one, other] = [new WorkerBoard(buffer), new WorkerBoard(buffer)];
  t.equal(other.lastStall, undefined);
  const stall = { thread: 'main', seconds: 1.5, at: 1e12, stack: 'läuft (/srv/ä"\\.js:1:2)\n\u0000' };
  one.lastStall = stall;
  t.same(other.lastStall, stall);
  for (const character of ['x', '\u0000', '語', '😀', '\\', '\ud800']) {
    other.lastStall = { ...stall, stack: character.repeat(20_000) };
    t.ok(one.lastStall!.stack.length >= 5_000 && one.lastStall!.stack.startsWith(character));
  }
});

test('a stall that is being written is not read partly', async (t) => {
  const buffer = WorkerBoard.create(1);
  const writer = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const { WorkerBoard } = require(${JSON.stringify(MODULE)});
     const board = new WorkerBoard(workerData);
     parentPort.postMessage('ready');
     const end = performance.now() + 500;
     for (let round = 0; performance.now() < end; round++)
       board.lastStall = { thread: 'main', seconds: round, at: 0, stack: String(round % 10).repeat(1 + (round * 37) % 5000) };`,
    { eval: true, workerData: buffer, execArgv: [] },
  );
  await once(writer, 'message');
  const board = new WorkerBoard(buffer);
  const end = performance.now() + 400;
  let read = 0;
  while (performance.now() < end) {
    const stall = board.lastStall;
    if (stall === undefined) continue;
    read++;
    if (stall.stack !== String(stall.seconds % 10).repeat(1 + ((stall.seconds * 37) % 5000))) t.fail('torn');
  }
  t.ok(read > 0, `${read} were whole`);
  await once(writer, 'exit');
});

test('the CPU time of an ended worker stays in the sum', { skip: process.platform !== 'linux' }, async (t) => {
  const buffer = WorkerBoard.create(1);
  const program = `
    const { WorkerBoard } = require(${JSON.stringify(MODULE)});
    const end = performance.now() + 100;
    while (performance.now() < end);
    const board = new WorkerBoard(require('node:worker_threads').workerData);
    board.addCpuTime();
    board.addCpuTime();`;
  const sums = [0];
  for (let round = 0; round < 2; round++) {
    await once(new Worker(program, { eval: true, workerData: buffer, execArgv: [] }), 'exit');
    sums.push(new WorkerBoard(buffer).cpuSeconds);
  }
  t.ok(sums[1] > 0.005 && sums[2] > sums[1] + 0.005, String(sums));
  t.ok(sums[2] < 5, 'each second is counted once');
});

test('the last stall is visible to every flush worker', async (t) => {
  const collector = collectorFor(t, { storage: [], defaultMetrics: { stallThreshold: 100, system: false } });
  const arena = Arena.attach(collector.handle.arena);
  const board = WorkerBoard.create(arena.maxThreads);
  const service = new FlushService(arena, [], { board });
  t.teardown(() => service.close());
  t.equal(service.lastStall, undefined);
  const began = Date.now();
  const end = performance.now() + 1_000;
  while (performance.now() < end) {
    // on this very thread, as if on another
    arena.tick();
    service.tick();
  }
  await until('it is noted', () => service.lastStall !== undefined);
  const { thread, seconds, stack, at } = service.lastStall!;
  t.equal(thread, 'main');
  t.ok(seconds >= 0.1 && seconds < 20 && at >= began && at <= Date.now(), `${seconds} s at ${at}`);
  t.match(stack, /^\(the main thread cannot read its own stack/);
  t.same(new FlushService(arena, [], { board }).lastStall, service.lastStall, 'another worker has it too');
});
