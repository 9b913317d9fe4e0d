import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tap, { type Test, test } from 'tap';
import { parseExposition, until } from '../instruments/support';

const STALLED = 'ringmeter_event_loop_stalled_seconds{thread="main"}';

/** Each test has a process of its own, and waits for it most of the time. */
tap.jobs = 3;
const BESIDE = { buffered: true };

async function stalling(t: Test): Promise<{ child: ChildProcess; url: string; stack: string; errors: () => string }> {
  const file = join(__dirname, '..', 'fixtures', 'stalling.cjs');
  const child = fork(file, { execArgv: [], stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  t.teardown(() => child.kill('SIGKILL'));
  let errors = '';
  child.stderr!.on('data', (part) => {
    errors += part;
  });
  const [{ url, stack }] = await once(child, 'message');
  return { child, url, stack, errors: () => errors };
}

async function stalledSeconds(url: string): Promise<number> {
  return parseExposition(await (await fetch(url)).text()).get(STALLED) ?? Number.NaN;
}

test('a stall is visible from outside while it lasts, with its stack, and not after it', BESIDE, async (t) => {
  const { child, url, stack, errors } = await stalling(t);
  await until('the event loop turns', async () => (await stalledSeconds(url)) === 0);
  t.equal(await (await fetch(stack)).text(), '', 'a thread that waits for events has no stack');

  const over = join(t.testdir({}), 'over');
  const seen: number[] = [];
  const began = performance.now();
  child.send(over);
  await until('it is seen for long enough', async () => {
    seen.push(await stalledSeconds(url));
    return seen.at(-1)! > 1.25;
  });
  const text = await (await fetch(stack)).text();
  seen.push(await stalledSeconds(url));
  const elapsed = (performance.now() - began) / 1000;
  t.match(text, /grindTheMill \(.*stalling\.cjs:\d+:\d+\)/);
  t.notMatch(text, 'ringmeter:stack');
  t.same(
    seen,
    [...seen].sort((a, b) => a - b),
    `it rises: ${seen.length} scrapes, from ${seen[0]} to ${seen.at(-1)}`,
  );
  // the heartbeat before the stall can be as old as the longest time between two
  t.ok(seen.at(-1)! <= elapsed + 0.05, `${seen.at(-1)} s of ${elapsed}`);

  writeFileSync(over, '');
  await until('it is over', async () => (await stalledSeconds(url)) === 0);
  await until('it was warned about', () => errors().includes('RINGMETER_STALLED'));
  t.match(errors(), /event loop of thread main has not turned for \d+\.\d s\n {4}at [\s\S]*grindTheMill/);
  t.equal(errors().match(/RINGMETER_STALLED/g)?.length, 1, 'one warning per stall');
  child.disconnect();
  t.same(await once(child, 'exit'), [0, null]);
});

test('where a stall has no stack, the warning says why', BESIDE, async (t) => {
  const { child, url, errors } = await stalling(t);
  await until('the event loop turns', async () => (await stalledSeconds(url)) === 0);
  child.send('natively');
  await until('the warning', () => errors().includes('RINGMETER_STALLED'));
  t.match(
    errors(),
    /has not turned for \d\.\d s\n {4}at \(the main thread has not answered in 2000 ms: it runs native code/,
  );
});

test('a process that was stopped as a whole is not warned about', BESIDE, async (t) => {
  const { child, url, errors } = await stalling(t);
  await until('the event loop turns', async () => (await stalledSeconds(url)) === 0);
  child.kill('SIGSTOP');
  await sleep(1_800);
  child.kill('SIGCONT');
  await until('it goes on', async () => (await stalledSeconds(url)) === 0);
  child.disconnect();
  await once(child, 'exit');
  t.equal(errors(), '');
});
