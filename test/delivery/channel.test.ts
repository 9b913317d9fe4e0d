import { test } from 'tap';
import { Channel, channelBytes, STATE } from '../../dist/src/delivery/channel.js';

const SIZES = { queueBytes: 4096, queueAge: 60_000, keepsPrevious: false };
const LOCK = 16;

/** The same channel as threads with these marks see it. */
function channels(...marks: number[]): { buffer: SharedArrayBuffer; seen: Channel[] } {
  const buffer = new SharedArrayBuffer(channelBytes(SIZES));
  return { buffer, seen: marks.map((mark) => new Channel(buffer, SIZES, mark)) };
}

test('one thread holds the lease of a channel, until it gives the lease up or is cleaned up after its end', async (t) => {
  const [one, two] = channels(1, 2).seen;
  t.ok(one.lease());
  t.ok(one.lease(), 'it has it already');
  t.notOk(two.lease());
  two.giveUpLease();
  t.notOk(two.lease(), 'only who has it can give it up');
  one.giveUpLease();
  t.ok(two.lease());
  one.cleanUpAfter(3);
  t.notOk(one.lease());
  one.cleanUpAfter(2);
  t.ok(one.lease());
});

test('a regular snapshot is due on one of all threads, first one interval after the start', async (t) => {
  const { seen } = channels(1, 2, 3);
  const claims = (now: number): number => seen.filter((channel) => channel.claim(now, 1_000)).length;
  const start = 5_000_000;
  t.equal(claims(start), 0);
  t.equal(claims(start + 999), 0);
  t.equal(claims(start + 1_030), 1);
  t.equal(claims(start + 1_999), 0);
  t.equal(claims(start + 2_000), 1, 'what was late does not make the next one late');
  t.equal(claims(start + 7_500), 1, 'those that were missed are not made up for');
  t.equal(claims(start + 8_499), 0);
  t.equal(claims(start + 8_500), 1);
  t.notOk(seen[0].claim(start + 100_000, 0), 'interval 0 is never due');
});

test('a thread waits for the lock of another without blocking, and gets it when the other is cleaned up after its end', async (t) => {
  const { buffer, seen } = channels(1, 2);
  const i32 = new Int32Array(buffer);
  i32[LOCK] = 2;
  let turns = 0;
  const turning = setInterval(() => turns++, 1);
  const failing = seen[0].queue.fail('no', () => 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.ok(turns > 0, 'the loop turned meanwhile');
  t.notOk(seen[0].queue.isFailing);
  seen[0].cleanUpAfter(2);
  t.equal(await failing, 1);
  clearInterval(turning);
  t.equal(i32[LOCK], 0);
});

test('a lock that is held for a second is an error, for blocking and for asynchronous waits', async (t) => {
  const { buffer, seen } = channels(1, 2);
  new Int32Array(buffer)[LOCK] = 2;
  const error = { code: 'RINGMETER_STORAGE_FAILED', message: /has held the lock/ };
  await t.rejects(
    seen[0].queue.fail('no', () => 0),
    error,
  );
  t.throws(() => seen[0].exclusively(() => 1), error);
  seen[0].cleanUpAfter(2);
  t.equal(
    seen[0].exclusively(() => 1),
    1,
  );
});

test('the lock is released when the action under it throws', async (t) => {
  const { seen } = channels(1, 2);
  const fail = (): never => {
    throw new Error('x');
  };
  await t.rejects(seen[0].queue.fail('no', fail), { message: 'x' });
  t.throws(() => seen[0].exclusively(fail), { message: 'x' });
  t.equal(
    seen[1].exclusively(() => 2),
    2,
  );
});

test('a change wakes a thread that waits for one', async (t) => {
  const { seen } = channels(1, 2);
  const began = performance.now();
  const woken = seen[0].changed(10_000);
  seen[1].state = STATE.CLOSING;
  await woken;
  t.ok(performance.now() - began < 2_000);
  t.equal(seen[0].state, STATE.CLOSING);
  await seen[0].changed(20);
});
