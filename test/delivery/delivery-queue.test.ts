import fc from 'fast-check';
import { test } from 'tap';
import { DeliveryQueue, type Queued, type QueueSizes, queueWords } from '../../dist/src/delivery/delivery-queue.js';
import { SEED, stopWallClock } from '../instruments/support';

const SIZES: QueueSizes = { queueBytes: 4096, queueAge: 60_000, keepsPrevious: true };
/** Four of these fit into the ring, five do not. */
const COLUMNS = 100;
const alone = async <T>(action: () => T): Promise<T> => action();

function queueOn(words: Float64Array, sizes = SIZES): DeliveryQueue {
  return new DeliveryQueue(words, sizes, alone);
}

function queueOf(sizes: Partial<QueueSizes> = {}): DeliveryQueue {
  const whole = { ...SIZES, ...sizes };
  return queueOn(new Float64Array(queueWords(whole)), whole);
}

const snapshot = (number: number, timestamp = Date.now(), columns = COLUMNS) => ({
  timestamp,
  takenAt: number,
  families: [],
  births: number,
  values: new Float64Array(columns).fill(number),
});
const numberOf = (queued: Queued | undefined): number | undefined => queued?.snapshot.births;
const counts = (queue: DeliveryQueue) =>
  Object.fromEntries(
    (['stored', 'failures', 'dropped', 'rejected'] as const).map((what) => [what, queue.counted(what)]),
  );

async function append(queue: DeliveryQueue, ...numbers: number[]): Promise<void> {
  for (const number of numbers) await queue.append(snapshot(number), false);
}

async function storeNext(queue: DeliveryQueue): Promise<number | undefined> {
  const queued = await queue.next();
  if (queued !== undefined) await queue.store(queued);
  return numberOf(queued);
}

test('snapshots leave in the order in which they came', async (t) => {
  const queue = queueOf();
  await append(queue, 1, 2, 3);
  t.equal(queue.waiting, 3);
  t.ok(queue.waitingBytes >= 3 * COLUMNS * 8);
  t.same([await storeNext(queue), await storeNext(queue), await storeNext(queue)], [1, 2, 3]);
  t.equal(await queue.next(), undefined);
  t.same(counts(queue), { stored: 3, failures: 0, dropped: 0, rejected: 0 });
  t.equal(queue.waiting, 0);
  t.equal(queue.waitingBytes, 0);
});

test('the whole ring is available to waiting snapshots, wherever in the ring the queue was empty', async (t) => {
  for (let before = 0; before < 12; before++) {
    const queue = queueOf();
    for (let number = 1; number <= before; number++) {
      await append(queue, number);
      t.equal(await storeNext(queue), number);
    }
    await append(queue, 101, 102, 103, 104);
    t.equal(queue.counted('dropped'), 0);
    t.same(
      [await storeNext(queue), await storeNext(queue), await storeNext(queue), await storeNext(queue)],
      [101, 102, 103, 104],
    );
  }
});

test('the oldest snapshot is dropped for a new one, and is counted', async (t) => {
  const queue = queueOf();
  await append(queue, 1, 2, 3, 4, 5, 6);
  t.equal(queue.waiting, 4);
  t.equal(queue.counted('dropped'), 2);
  t.equal(await storeNext(queue), 3);
});

test('a snapshot that is displaced during its attempt is dropped only if the attempt fails', async (t) => {
  const queue = queueOf();
  await append(queue, 1, 2, 3, 4);
  const first = await queue.next();
  await append(queue, 5, 6);
  t.equal(queue.counted('dropped'), 1, 'the second is lost, of the first nobody knows yet');
  await queue.store(first!);
  t.same(counts(queue), { stored: 1, failures: 0, dropped: 1, rejected: 0 });
  const third = await queue.next();
  t.equal(numberOf(third), 3);
  await append(queue, 7);
  t.equal(queue.counted('dropped'), 1);
  await queue.fail('no', () => 0);
  t.equal(queue.counted('dropped'), 2, 'now it is lost');
  t.equal(await storeNext(queue), 4);
});

test('a snapshot that was displaced during the attempt of a thread that ended is counted by the next thread', async (t) => {
  const words = new Float64Array(queueWords(SIZES));
  const [dead, next] = [queueOn(words), queueOn(words)];
  await append(dead, 1, 2, 3, 4);
  await dead.next();
  await append(next, 5);
  t.equal(await storeNext(next), 2);
  t.same(counts(next), { stored: 1, failures: 0, dropped: 1, rejected: 0 });
});

test('a step of the wall clock drops no snapshot', async (t) => {
  const { now } = Date;
  t.teardown(() => {
    Date.now = now;
  });
  const queue = queueOf({ queueAge: 60_000 });
  await append(queue, 1);
  Date.now = () => now() + 3_600_000;
  await append(queue, 2);
  Date.now = () => now() - 3_600_000;
  await append(queue, 3);
  t.equal(numberOf(await queue.next()), 1);
  t.equal(queue.counted('dropped'), 0);
});

test('snapshots are dropped by age, when one is appended and when one is to be delivered', async (t) => {
  const pass = stopWallClock(t);
  const queue = queueOf({ queueAge: 1_000 });
  await append(queue, 1);
  pass(600);
  await append(queue, 2);
  pass(600);
  await append(queue, 3);
  t.equal(queue.counted('dropped'), 1);
  pass(600);
  t.equal(numberOf(await queue.next()), 3);
  t.equal(queue.counted('dropped'), 2);
});

test('a snapshot that is not newer than the last adds nothing, and gets the position of the last', async (t) => {
  const queue = queueOf();
  const position = await queue.append(snapshot(2), false);
  t.equal(await queue.append(snapshot(2), false), position, 'it was asked for twice');
  t.equal(await queue.append(snapshot(1), false), position, 'another thread was slower');
  t.equal(queue.waiting, 1);
  t.notOk(queue.hasStored(position));
  t.equal(await storeNext(queue), 2);
  t.ok(queue.hasStored(position));
});

test('a snapshot that can never fit is an error, and is counted', async (t) => {
  const queue = queueOf();
  await append(queue, 1);
  await t.rejects(queue.append(snapshot(2, Date.now(), 600), false), {
    code: 'RINGMETER_STORAGE_FAILED',
    message: /4800 bytes.*queue\.maxBytes/,
  });
  t.equal(queue.counted('dropped'), 1);
  t.equal(await storeNext(queue), 1, 'what waits is not lost for it');
});

test('the snapshot stored last is kept over failures and refusals, if the storage asks for it', async (t) => {
  const queue = queueOf();
  await append(queue, 1, 2, 3);
  t.equal(queue.previous(), undefined);
  await storeNext(queue);
  t.equal(queue.previous()?.births, 1);
  await queue.next();
  await queue.fail('no', () => 0);
  t.equal(queue.previous()?.births, 1);
  await queue.reject((await queue.next())!, 'never');
  t.equal(queue.previous()?.births, 1);
  await storeNext(queue);
  t.equal(queue.previous()?.births, 3);
  t.same([...queue.previous()!.values.slice(0, 2)], [3, 3]);
  const without = queueOf({ keepsPrevious: false });
  await append(without, 1);
  await storeNext(without);
  t.equal(without.previous(), undefined);
});

test('failures in a row are counted for the delay, and forgotten after a success', async (t) => {
  const queue = queueOf();
  await append(queue, 1);
  const asked: number[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    await queue.next();
    await queue.fail(`no ${attempt}`, (failures) => {
      asked.push(failures);
      return failures * 100;
    });
  }
  t.same(asked, [1, 2, 3]);
  t.equal(queue.nextAttempt, 300);
  t.ok(queue.isFailing);
  t.equal(queue.lastError(), 'no 2');
  await queue.append(snapshot(2), true);
  t.equal(queue.nextAttempt, 0, 'who waits for a snapshot does not wait for the delay');
  await storeNext(queue);
  t.notOk(queue.isFailing);
  await queue.fail('ü'.repeat(1_000), () => 0);
  t.match(queue.lastError(), /^ü{188}$/, 'a long text is cut');
});

/** Words that a thread can be terminated at: the store after the last it is allowed fails, and so do all after it. */
function mortal(words: Float64Array, life: { stores: number }): Float64Array {
  const spend = (): void => {
    if (life.stores-- <= 0) throw new Error('terminated');
  };
  const wrap = (array: Float64Array): Float64Array =>
    new Proxy(array, {
      get(target, key) {
        if (key === 'subarray') return (start: number, end?: number) => wrap(target.subarray(start, end));
        if (key === 'set')
          return (source: Float64Array, at: number) => {
            spend();
            target.set(source, at);
          };
        const value = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
      set(target, key, value) {
        spend();
        return Reflect.set(target, key, value, target);
      },
    });
  return wrap(words);
}

test(`a thread terminated between any two memory stores loses no snapshot and repeats at most its last one (RINGMETER_SEED=${SEED})`, async (t) => {
  const step = fc.constantFrom('append', 'append', 'store', 'store', 'fail', 'reject');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), fc.infiniteStream(fc.nat(60)), run),
    { seed: SEED, numRuns: 200 },
  );
  t.pass();
});

async function run(steps: readonly string[], lives: Iterator<number>): Promise<void> {
  const words = new Float64Array(queueWords(SIZES));
  const reborn = (): DeliveryQueue => queueOn(mortal(words, { stores: lives.next().value as number }));
  let queue = reborn();
  let deaths = 0;
  let taken = 0;
  const handed: number[] = [];
  /** What may be the one that was stored last: the last for certain, and those since whose settling was cut short. */
  let possible: (number | undefined)[] = [undefined];
  const refused = new Set<number>();
  for (const step of steps) {
    try {
      if (step === 'append') await append(queue, ++taken);
      else {
        const before = queue.previous();
        const queued = await queue.next();
        if (queued === undefined) continue;
        if (queued.snapshot.values.some((value) => value !== queued.snapshot.births)) throw new Error('it is torn');
        if (step === 'fail') await queue.fail('no', () => 0);
        else if (step === 'reject') {
          refused.add(queued.snapshot.births);
          await queue.reject(queued, 'never');
        } else {
          if (!possible.includes(before?.births)) throw new Error('previous is not the last one');
          possible.push(queued.snapshot.births);
          handed.push(queued.snapshot.births);
          await queue.store(queued);
          possible = [queued.snapshot.births];
        }
      }
    } catch (error) {
      if ((error as Error).message !== 'terminated') throw error;
      deaths++;
      queue = reborn();
    }
  }
  queue = queueOn(words);
  for (let number = await storeNext(queue); number !== undefined; number = await storeNext(queue)) handed.push(number);
  if (handed.some((number, index) => index > 0 && number < handed[index - 1])) throw new Error(`order: ${handed}`);
  const repeats = handed.filter((number, index) => index > 0 && number === handed[index - 1]).length;
  if (repeats > deaths) throw new Error(`${repeats} repeats after ${deaths} deaths`);
  const missing = taken - new Set([...handed, ...refused]).size;
  // those in the making when their thread died, and what had to make room
  if (missing > deaths + queue.counted('dropped')) throw new Error(`${missing} are missing`);
  if (queue.waiting !== 0) throw new Error('something is left');
  if (deaths === 0 && missing !== queue.counted('dropped')) throw new Error('the counts do not add up');
}
