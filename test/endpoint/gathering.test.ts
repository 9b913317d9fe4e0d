import { type Test, test } from 'tap';
import { Gathering } from '../../dist/src/endpoint/gathering.js';
import type { Snapshot } from '../../dist/src/snapshot/snapshot.js';

const WORK_MS = 50;
/** A thread rests no longer than this. */
const LONGEST_REST_MS = 100;

/** A gathering whose snapshots are numbered. */
function numbered(): { gathering: Gathering; taken: () => number } {
  let taken = 0;
  const gathering = new Gathering(async () => ({ timestamp: ++taken }) as Snapshot);
  return { gathering, taken: () => taken };
}

/** Takes a snapshot, and so long to make something of it. */
async function work(gathering: Gathering, milliseconds: number): Promise<void> {
  await gathering.snapshot(false);
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
  gathering.made();
}

/** A rest keeps no process alive: the connections do that for which it is made. */
function stayAlive(t: Test): void {
  const timer = setInterval(() => {}, 1_000);
  t.teardown(() => clearInterval(timer));
}

const turn = () => new Promise(setImmediate);

test('all requests of one turn of the event loop share a snapshot that is made after them', async (t) => {
  const { gathering, taken } = numbered();
  const asked = [gathering.snapshot(false), gathering.snapshot(true), gathering.snapshot(false)];
  t.equal(taken(), 0);
  t.same(
    (await Promise.all(asked)).map(({ timestamp }) => timestamp),
    [1, 1, 1],
  );
  t.equal((await gathering.snapshot(false)).timestamp, 2, 'whoever comes later gets the next');
});

test('under many requests, the next snapshot is made only after as much time as the last one took', async (t) => {
  stayAlive(t);
  const { gathering, taken } = numbered();
  await work(gathering, WORK_MS);
  const rested = performance.now();
  const first = gathering.snapshot(true);
  await turn();
  await turn();
  t.equal(taken(), 1);
  const second = gathering.snapshot(true);
  t.equal(await first, await second, 'whoever comes meanwhile shares it');
  t.ok(performance.now() - rested > WORK_MS * 0.9);
  t.equal(taken(), 2);
});

test('a single scraper does not wait', async (t) => {
  const { gathering, taken } = numbered();
  await work(gathering, WORK_MS);
  void gathering.snapshot(false);
  await turn();
  await turn();
  t.equal(taken(), 2);
});

test('after a slow snapshot, requests do not wait as long again', async (t) => {
  stayAlive(t);
  const { gathering } = numbered();
  await work(gathering, 5 * LONGEST_REST_MS);
  const rested = performance.now();
  await gathering.snapshot(true);
  const rest = performance.now() - rested;
  t.ok(rest > LONGEST_REST_MS * 0.9 && rest < 4 * LONGEST_REST_MS, `${rest.toFixed(0)} ms`);
});

test('after a snapshot that failed, the next is tried', async (t) => {
  let tries = 0;
  const gathering = new Gathering(async () => {
    if (++tries === 1) throw new Error('not now');
    return { timestamp: tries } as Snapshot;
  });
  await t.rejects(gathering.snapshot(false), { message: 'not now' });
  t.equal((await gathering.snapshot(false)).timestamp, 2);
});
