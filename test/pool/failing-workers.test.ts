import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fetchFrom } from '../endpoint/client';
import { Program } from '../package/consumer';

// each is another process
t.jobs = 2;

const ROOT = join(__dirname, '..', '..');
const PROGRAM = join(ROOT, 'test', 'fixtures', 'failing-workers.cjs');
const DEADLINE_MS = 30_000;

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
  'before they are ready': ["throw new Error('boom');", ''],
  'as soon as they are ready': ['', "setTimeout(() => { throw new Error('boom'); }, 1);"],
  'by ending without an error': ['process.exit(3);', ''],
} as const;

for (const [way, [before, after]] of Object.entries(ways))
  t.test(`workers that fail ${way} are started less and less often, and the endpoint comes back`, async (t) => {
    const { main, breakWorkers, mend } = build(t);
    const program = Program.start(t, ROOT, [PROGRAM, main]);
    const url = await program.line(/^http/);
    t.ok(await answers(url));
    breakWorkers(before, after);
    program.kill('SIGUSR2');
    await until('eight starts', () => starts(program).length >= 9);
    const times = starts(program);
    const gaps = times.slice(1).map((time, index) => time - times[index]);
    t.ok(times[8] - times[1] > 400, `they were started after ${gaps} ms`);
    mend();
    await until('an answer', () => answers(url));
    t.equal(warnings(program).length, before.startsWith('process.exit') ? 0 : 1, program.output);
  });
