import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { installPacked, Program } from './consumer';

const ROOT = join(__dirname, '..', '..');

test('the packed package', async (t) => {
  const { folder, packed } = await installPacked(t);
  const ends = (...args: string[]) => Program.start(t, folder, args).ended;

  t.test('has the build, the worker, its types, and no development files', async (t) => {
    for (const file of [
      'dist/src/index.js',
      'dist/src/index.d.ts',
      'dist/index.mjs',
      'dist/index.d.mts',
      'dist/workers/flush.js',
    ])
      t.ok(packed.includes(file), file);
    for (const file of ['dist/dashboard/index.html', 'dist/dashboard/uplot.js', 'schemas/dashboard.schema.json'])
      t.ok(packed.includes(file), file);
    const strange = packed.filter((path) => !/^(dist|docs|schemas)\/|^[^/]+\.(md|json)$|^LICENSE$/.test(path));
    t.same(strange, []);
    t.same(
      packed.filter((path) => /test|perf|examples|fixtures|tsbuildinfo/.test(path)),
      [],
    );
  });

  t.test('has every file that the README links to by a relative path', async (t) => {
    const links = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)];
    t.same(
      [...new Set(links.map(([, path]) => path))].filter((path) => !packed.includes(path)),
      [],
    );
    t.ok(links.length > 20);
  });

  t.test('can be required', async (t) => {
    t.match(await ends('required.cjs'), { code: 0, output: 'fine\n' });
  });

  t.test('can be imported by name and as default, and is the same instance as the required one', async (t) => {
    t.match(await ends('imported.mjs'), { code: 0, output: 'fine\n' });
  });

  t.test('works in worker threads that require or import it', async (t) => {
    t.match(await ends('threads.mjs'), { code: 0, output: 'fine\n' });
  });

  const ways = {
    '-r': { args: ['-r', './preload.cjs'], env: {} },
    '--import': { args: ['--import', './preload.mjs'], env: {} },
    'NODE_OPTIONS=--require': { args: [], env: { NODE_OPTIONS: '--require ./preload.cjs' } },
    'NODE_OPTIONS=--import': { args: [], env: { NODE_OPTIONS: '--import ./preload.mjs' } },
  };
  for (const [way, { args, env }] of Object.entries(ways)) {
    for (const OWN of way.startsWith('-') ? ['0', '1'] : ['0']) {
      const what = OWN === '1' ? 'a collector for each thread' : 'the one collector';
      t.test(`under ${way}, a preload that makes ${what} starts no workers without end`, async (t) => {
        const TRACE = join(folder, `trace-${way}-${OWN}`.replace(/\W/g, '_'));
        const program = Program.start(t, folder, [...args, 'preloaded.cjs'], { ...env, TRACE, OWN });
        const { code, output } = await program.ended;
        t.equal(code, 0, output);
        const ran = readFileSync(TRACE, 'utf8').trim().split('\n');
        t.equal(ran.length, 2, `it ran in the main thread and the program's own worker: ${ran}`);
        t.equal(ran[0], 'main');
        t.equal(output, 'preloads 2\n');
      });
    }
  }
});
