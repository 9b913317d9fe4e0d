import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import t, { type Test } from 'tap';
import { Program } from '../package/consumer';
import { readLines } from './lines';

// each is another process and mostly waits
t.jobs = 3;

/** How long this process, which does nothing, waits for a processor: a thread of the program may wait as long. */
const waits = monitorEventLoopDelay();
waits.enable();
t.teardown(() => waits.disable());

/** A program that is still there then has hung. */
const HANG_MS = 200_000;

const FIXTURES = join(__dirname, '..', 'fixtures', 'storages');

interface Case {
  /** A file of the fixtures, or the text of one. */
  module: string;
  way?: string;
  /** What `stats()` says of it at last. */
  says: RegExp;
  workers?: readonly number[];
}

const cases: Case[] = [
  { module: 'throws-on-load.mjs', says: /^thrown on load$/ },
  { module: 'never-loads.mjs', says: /more than 1000 ms/ },
  { module: 'no-store.cjs', says: /no-store\.cjs does not export a function named store/ },
  { module: 'export const store = () => {', says: /Unexpected end of input/ },
  { module: `import 'no-such-package'; export function store() {}`, says: /no-such-package/ },
  ...Object.entries({
    'never resolves': /more than 1000 ms/,
    'ignores the signal': /more than 1000 ms/,
    'allocates objects without end': /memory/,
    'allocates buffers without end': /the buffers of the storage take \d+ bytes, more than its maxMemory of 33554432/,
    'calls process.exit': /the thread of the storage has ended: exit code 0/,
    'calls process.exit a moment later': /the thread of the storage has ended: exit code 3/,
    'is busy for ever': /blocked for \d+ ms/,
    'waits for ever': /blocked for \d+ ms/,
    'throws a moment later': /the thread of the storage has ended: a moment later/,
    'throws nothing a moment later': /the thread of the storage has ended: null/,
    'has an unhandled rejection': /the thread of the storage has ended: nobody cares/,
    'rejects with what has no text': /^an object$/,
    'rejects with what throws when it is looked at': /^an object$/,
    'wants to be left alone for ever': /^for ever$/,
    'posts nonsense': /^after the nonsense$/,
    'closes its port': /more than 1000 ms|the thread of the storage has ended/,
    'leaks timers': /^$/,
    'listens to what is not its own': /blocked for \d+ ms|the thread of the storage has ended/,
  }).map(([way, says]) => ({ module: 'hostile.cjs', way, says })),
];
const WITHOUT_WORKERS = ['calls process.exit', 'is busy for ever'];

for (const { module, way, says } of cases)
  for (const flushWorkers of WITHOUT_WORKERS.includes(way ?? '') ? [1, 0] : [1])
    t.test(
      `a storage module does no harm to the process if it ${way ?? `is ${module}`} (flushWorkers: ${flushWorkers})`,
      { buffered: true },
      (t) => contained(t, module, way, says, flushWorkers),
    );

async function contained(t: Test, module: string, way: string | undefined, says: RegExp, flushWorkers: number) {
  const isFile = /^[\w-]+\.[cm]js$/.test(module);
  const folder = t.testdir(isFile ? {} : { 'module.mjs': module });
  const file = join(folder, 'good.jsonl');
  const path = isFile ? join(FIXTURES, module) : join(folder, 'module.mjs');
  const input = JSON.stringify({ path, way, file, flushWorkers });
  const program = Program.start(t, FIXTURES, ['beside.cjs', input], {}, HANG_MS);
  const { gap, scrape, n, bad } = JSON.parse(await program.line(/^\{/));
  const { code, output } = await program.ended;

  t.match(bad.lastError ?? '', says);
  if (way !== 'leaks timers') {
    t.ok(bad.failures >= 2, `it failed ${bad.failures} times`);
    const warnings = output.split('\n').filter((line) => /RINGMETER_STORAGE_FAILED.*storage bad: /.test(line));
    // those that do store something in between are told again
    t.ok(warnings.length === 1 || (bad.stored > 0 && warnings.length > 1), `it was told once in a row: ${output}`);
  }
  const longest = 5_000 + (10 * waits.max) / 1e6;
  t.ok(gap < longest, `the serving thread was away for ${gap} ms at most`);
  t.ok(scrape < 1_000 + (10 * waits.mean) / 1e6, `half of the scrapes took ${scrape} ms at most`);
  const stored = readLines(file).filter(({ event }) => event === 'stored');
  const gaps = stored.slice(1).map(({ at }, index) => at - stored[index].at);
  t.ok(Math.max(...gaps) < longest, `the other storage's snapshots were ${Math.max(...gaps)} ms apart at most`);
  t.equal(code, 0, output);
  // on a machine that is very busy with other things there may be no time
  if (!/last flush, good: it was not closed/.test(output))
    t.equal(stored.at(-1)?.values?.n, n, 'the last flush has everything');
}
