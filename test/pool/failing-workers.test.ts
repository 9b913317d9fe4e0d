import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fetchFrom } from '../endpoint/client';
import { Program } from '../package/consumer';

// each is another process
t.jobs = 2;

const ROOT = join(__dirname, '..', '..');
const PROGRAM = join(ROOT, 'test', 'fixtures', 'failing-workers.cjs');
const ASKING = join(ROOT, 'test', 'fixtures', 'asking-failing-workers.cjs');
const DEADLINE_MS = 60_000;

/** A copy of the build, whose workers can be broken. */
function build(t: Test): { main: string; breakWorkers(before: string, after: string): void; mend(): void } {
  const folder = t.testdir({});
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  const file = join(folder, 'dist', 'workers', 'flush.js');
  const code = readFileSync(file, 'utf8');
  return {
    main: join(folder, 'dist', 'src', 'index.js'),
    breakWorkers: (before, after) => writeFileSync(file, `${before}\n${code}\n${after}`),
    mend: () => writeFileSync(file, code),
  };
}

/** The times at which workers were started, in milliseconds. */
function starts({ output }: Program): number[] {
  return [...output.matchAll(/^start (\d+)$/gm)].map(([, time]) => Number(time));
}

function warnings({ output }: Program): string[] {
  return output.split('\n').filter((line) => line.startsWith('warning RINGMETER_WORKER_FAILED'));
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not so in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const answers = (url: string): Promise<boolean> =>
  fetchFrom(url).then(
    ({ body }) => body.toString().includes('jobs_total{'),
    () => false,
  );

const ways = {
  'before they are ready': { before: "throw new Error('boom');", after: '', starts: 6, delays: 300 },
  'as soon as they are ready': {
    before: '',
    after: "setTimeout(() => { throw new Error('boom'); }, 1);",
    starts: 8,
    delays: 600,
  },
  'by ending without an error': { before: 'process.exit(3);', after: '', starts: 9, delays: 300 },
} as const;

for (const [way, failure] of Object.entries(ways))
  t.test(`workers that fail ${way} are restarted with growing delays, and the endpoint is opened again`, async (t) => {
    const { main, breakWorkers, mend } = build(t);
    const program = Program.start(t, ROOT, [PROGRAM, main], {}, 60_000);
    const url = await program.line(/^http/);
    t.ok(await answers(url));
    breakWorkers(failure.before, failure.after);
    program.kill('SIGUSR2');
    await until('that many starts', () => starts(program).length >= failure.starts);
    const times = starts(program);
    const gaps = times.slice(1).map((time, index) => time - times[index]);
    t.ok(times[failure.starts - 1] - times[1] >= failure.delays, `they were started after ${gaps} ms`);
    mend();
    await until('an answer', () => answers(url));
    t.equal(warnings(program).length, failure.before.startsWith('process.exit') ? 0 : 1, program.output);
  });

t.test('calls while workers keep failing get the reason, and succeed as soon as a worker runs', async (t) => {
  const { main, breakWorkers, mend } = build(t);
  breakWorkers("throw new Error('boom');", '');
  const program = Program.start(t, ROOT, [ASKING, main], {}, 60_000);
  // the next one is due after more than two seconds, those after it after up to ten
  await until('many starts', () => starts(program).length >= 9);
  program.kill('SIGUSR2');
  const [, took, message] = (await program.line(/^told \d+ .*$/)).match(/^told (\d+) (.*)$/)!;
  t.match(message, /RINGMETER_WORKER_FAILED a flush worker failed: boom$/);
  t.ok(Number(took) < 9_000, `told after ${took} ms`);
  const before = starts(program).length;
  t.ok(before <= 9 + 6, `${before} starts`);
  mend();
  program.kill('SIGUSR2');
  const [, waited] = (await program.line(/^served \d+$/)).match(/(\d+)$/)!;
  t.ok(Number(waited) < 6_000, `served after ${waited} ms`);
});

t.test('a worker that runs out of heap is warned about once, and the endpoint is opened again each time', async (t) => {
  const OPTIONS = JSON.stringify({ worker: { resourceLimits: { maxOldGenerationSizeMb: 16 } } });
  const env = { OPTIONS, SERIES: '200000' };
  const program = Program.start(t, ROOT, [PROGRAM, require.resolve('ringmeter')], env, 200_000);
  const url = await program.line(/^http/);
  for (let death = 1; death <= 2; death++) {
    // the answer to this query does not fit into the heap; that to a scrape takes a third of it
    await t.rejects(fetchFrom(new URL('/api/v1/query?query=jobs_total', url).href));
    await until('an answer', () => answers(url));
    t.ok(starts(program).length > death);
    t.equal(warnings(program).length, 1, program.output);
    t.match(warnings(program)[0], /memory limit/);
  }
});
