import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { HEADER, int } from '../../dist/src/arena/layout.js';
import { cleanUpAfterThread, openShards, threadMark } from '../../dist/src/arena/shard.js';
import { toMetrics } from '../../dist/src/exposition/metrics.js';
import { until } from '../instruments/support';
import { mortal } from './mortal';
import { Stopper } from './stopper';

// A thread that makes memory free is stopped at a place, and killed there.
// the next one goes on, and the memory is used again    allowed
// memory that is lost: of one series                    allowed
// a value under another label set                       FORBIDDEN
// nothing is ever used again                            FORBIDDEN

const RECYCLER = 'src/lifecycle/recycler.js';
const PLACES = [
  ['while series are marked', RECYCLER, 'const isLeft = ', 'index === 20'],
  ['before a series is gone', RECYCLER, '& ~layout_1.LIFE_STATE.RETIRING) | layout_1.LIFE_STATE.GONE))', 'true'],
  ['before a record is taken out of its chain', RECYCLER, '(0, hash_index_1.unlink)(arena, record)', 'true'],
  ['while cells become zeros', RECYCLER, 'const cell = page + (id', 'page !== 0'],
  ['before a baseline becomes zeros', RECYCLER, 'f64.fill(0, life + layout_1.LIFE.BASELINES', 'true'],
  ['between two phases', RECYCLER, 'Atomics.store(i32, PHASE_WORD, phase)', 'phase === 2'],
  [
    'before a record is on its list',
    'src/registry/free-records.js',
    'Atomics.compareExchange(i32, list, head, record) === head',
    'true',
  ],
] as const;

for (const [name, file, line, when] of PLACES)
  test(`a thread that recycles is killed ${name}`, async (t) => {
    const { arena, collector, collect, reborn, recycle } = mortal(t);
    const counter = collector.counter('c', { labelNames: ['n'], ttl: 0.01 });
    const histogram = collector.histogram('h', { labelNames: ['n'], ttl: 0.01, buckets: [1] });
    let last = 1_000;
    const record = (): void => {
      for (let time = 0; time < 30; time++) {
        last += 7;
        counter.increment(last, { n: last });
        histogram.observe(last, { n: last });
      }
    };
    record();
    const worker = new Worker(join(__dirname, '../fixtures/recycling.cjs'), {
      workerData: { arena: arena.buffer },
      execArgv: [],
    });
    await once(worker, 'message');
    const stopper = await Stopper.of(worker);
    await stopper.stopAt(file, line, when);
    let stopped = false;
    const stop = stopper.stopped().then(() => {
      stopped = true;
    });
    while (!stopped) {
      worker.postMessage('turn');
      await Promise.race([stop, once(worker, 'message')]);
      // acknowledges
      await sleep(5);
      for (let time = 0; time < 80; time++) collector.counter('busy').increment();
    }
    const { threadId } = worker;
    t.equal(arena.i32[int(HEADER.LIVES_LOCK)], threadMark(threadId), 'it has the lock');
    await stopper.kill(worker);
    cleanUpAfterThread(openShards(arena), threadId);
    const wrong: string[] = [];
    await until('memory is used again, more than once', async () => {
      record();
      for (const { name, labels, value, sum } of toMetrics(await collect.snapshot()))
        if (name !== 'busy' && (sum ?? value) !== Number(labels.n)) wrong.push(`${name} ${labels.n}: ${sum ?? value}`);
      recycle();
      return reborn() > 300;
    });
    t.same(wrong, []);
    const { recorded, folded, dropped } = collector.stats();
    t.same([folded, dropped], [recorded, 0]);
  });
