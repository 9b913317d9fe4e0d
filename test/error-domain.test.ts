import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'tap';

test('an error that nobody catches fails the subtest that has begun last, or the file', (t) => {
  const args = ['--require', join(__dirname, 'typescript.cjs'), join(__dirname, 'fixtures', 'late-errors.ts')];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.equal(status, 1);
  t.match(stdout, /^ {4}not ok 1 - thrown late$/m);
  t.match(stdout, /^not ok 1 - throws while it waits/m);
  t.match(stdout, /^ {4}not ok 1 - rejected late$/m);
  t.match(stdout, /^not ok 2 - rejects while it waits/m);
  t.match(stdout, /^ok 3 - ends before it throws/m);
  t.match(stdout, /^not ok 4 - thrown after the end$/m);
  t.end();
});
