import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { until } from '../instruments/support';
import { receive, status } from '../storages/receiver';
import { toldTo } from './service';

// each is another process and mostly waits
t.jobs = 3;

for (const [ending, flushWorkers] of [
  ['natural', 1],
  ['exit', 1],
  ['error', 1],
  ['exit', 0],
] as const)
  t.test(`an alert is resolved when the process ends: ${ending}, with ${flushWorkers} flush workers`, async (t) => {
    const hook = await receive(t, status(200));
    const args = [join(__dirname, '..', 'fixtures', 'alerting.cjs'), hook.url, ending, String(flushWorkers)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    t.teardown(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    await until('it fires', () => toldTo(hook.requests).length === 1);
    child.stdin.write('end\n');
    const [code] = await ended;
    t.equal(code, ending === 'error' ? 1 : 0);
    t.same(toldTo(hook.requests), ['firing program', 'resolved program']);
  });
