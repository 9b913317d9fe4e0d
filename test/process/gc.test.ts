import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'tap';

test('each of 300 forced garbage collections is counted by its kind', async (t) => {
  const child = fork(join(__dirname, '..', 'fixtures', 'collections.cjs'), { execArgv: ['--expose-gc'] });
  t.teardown(() => child.kill());
  const [{ reported, counted }] = await once(child, 'message');
  t.ok(counted.minor >= 150 && counted.major >= 150, JSON.stringify(counted));
  for (const kind of ['minor', 'major', 'incremental', 'weakcb'])
    t.ok(counted[kind] >= reported[kind], `${kind}: node reported ${reported[kind]}, counted ${counted[kind]}`);
  // the library observes from a moment earlier on
  t.ok(counted.minor - reported.minor < 10 && counted.major - reported.major < 10);
});
