import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { History } from '../../dist/src/history/history.js';
import { SEED } from '../instruments/support';
import { randomFrom } from './values';

/** For each size of memory. */
/** `RINGMETER_KILLS` asks for more. */
const KILLS = Number(process.env.RINGMETER_KILLS ?? 100);
const COLUMNS = 1_500;
const LIMITS = { maxAge: 1e9, maxSnapshots: 400 };

/** The value of a column in the snapshot of a number; in the thread that writes as in this one. */
function valueAt(snapshot: number, column: number): number {
  return column % 3 === 0 ? snapshot * column : column % 3 === 1 ? Math.sqrt(snapshot + column) : column;
}

const WRITER = `
  const { workerData: { memory, progress, limits, columns } } = require('node:worker_threads');
  const { History } = require(${JSON.stringify(require.resolve('../../dist/src/history/history.js'))});
  ${valueAt};
  const history = new History(new Float64Array(memory), limits);
  const done = new Int32Array(progress);
  const values = new Float64Array(columns);
  for (let snapshot = Atomics.load(done, 0) + 1; ; snapshot++) {
    for (let column = 0; column < columns; column++) values[column] = valueAt(snapshot, column);
    if (!history.append(snapshot, columns, values)) throw new Error('it does not fit');
    Atomics.store(done, 0, snapshot);
    Atomics.notify(done, 0);
  }`;

/** Throws unless the history has whole, successive snapshots. Returns the numbers of the first and the last. */
function check(history: History): [number, number] {
  const { times } = history.window(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const [first] = times;
  times.forEach((time, index) => {
    if (time !== first + index) throw new Error(`snapshot ${time} follows ${times[index - 1]}`);
  });
  const window = history.window(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const into = new Float64Array(times.length);
  for (let column = 0; column < COLUMNS; column++) {
    if (window.read(column, 0, into) !== 0) throw new Error(`column ${column} is not there from the beginning`);
    for (let index = 0; index < into.length; index++)
      if (into[index] !== valueAt(first + index, column)) throw new Error(`column ${column} of ${first + index}`);
  }
  return [first, times[times.length - 1]];
}

// memory for many blocks, and memory in which each append has to close and to forget
for (const bytes of [4 * 2 ** 20, 2 ** 18])
  test(`${KILLS} writers that are terminated leave a history without damage in ${bytes} bytes (RINGMETER_SEED=${SEED})`, async (t) => {
    const random = randomFrom(SEED);
    const memory = new SharedArrayBuffer(bytes);
    const progress = new SharedArrayBuffer(4);
    const done = new Int32Array(progress);
    const history = new History(new Float64Array(memory), LIMITS);
    let ahead = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const begun = done[0];
      const workerData = { memory, progress, limits: LIMITS, columns: COLUMNS };
      const worker = new Worker(WRITER, { eval: true, workerData, execArgv: [] });
      const failure = new Promise((_, reject) => worker.once('error', reject));
      failure.catch(() => {});
      const { value } = Atomics.waitAsync(done, 0, begun, 20_000);
      await Promise.race([value, failure]);
      await new Promise((resolve) => setTimeout(resolve, random() * 8));
      const ended = once(worker, 'exit');
      await worker.terminate();
      await ended;
      const [first, last] = check(history);
      if (done[0] === begun) t.fail('the writer went on');
      if (last < done[0] || last > done[0] + 1)
        t.fail(`kill ${kill}: ${last} is the newest, ${done[0]} was acknowledged`);
      if (last > done[0]) ahead++;
      if (last - first < (bytes > 2 ** 20 ? 200 : 3) && last > 300)
        t.fail(`kill ${kill}: only ${first} to ${last} are left`);
      // the next writer goes on behind what there is
      Atomics.store(done, 0, last);
    }
    t.comment(`${done[0]} snapshots, ${ahead} writers ended between an append and its acknowledgement`);
    t.ok(done[0] > KILLS);
  });
