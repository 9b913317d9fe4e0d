import { test } from 'tap';
import { start, startAsScript } from './run';

test('examples/custom-storage --once sends everything to its server, and ends by itself', async (t) => {
  const { code, output, errors } = await start('custom-storage/index.ts', '--once').ended;
  t.equal(code, 0);
  t.equal(errors, '');
  const done = Number(/^jobs {5}(\d+) done$/m.exec(output)?.[1]);
  t.ok(done > 20, output);
  t.match(output, /^storage {2}statsd: \d+ snapshots stored, 0 attempts failed$/m);
  const got = new Map([...output.matchAll(/^ {2}(\S+) (\S+)$/gm)].map(([, line, value]) => [line, Number(value)]));
  t.equal((got.get('jobs_total|#kind:mail') ?? 0) + (got.get('jobs_total|#kind:report') ?? 0), done);
  t.equal(got.get('job_duration_seconds.count'), done);
  t.ok(got.has('jobs_waiting'));
});

test('examples/custom-storage goes on until SIGINT and then ends cleanly', async (t) => {
  const example = startAsScript('custom-storage/index.ts');
  await example.says(/^StatsD {3}127/m);
  example.signal('SIGINT');
  const { code, errors } = await example.ended;
  t.equal(code, 0);
  t.equal(errors, '');
});
