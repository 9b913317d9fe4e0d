import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Ending, Program } from '../package/consumer';
import { readLines, type StoredLine } from '../storages/lines';

// each is another process and mostly waits
t.jobs = 3;

const FIXTURES = join(__dirname, '..', 'fixtures', 'storages');
/** What a thread of the program records, and its main thread. */
const [BY_THREAD, BY_MAIN] = [1_000, 500];

interface Input {
  ending: string;
  flushWorkers: number;
  /** Threads of the program's that record, none unless given: each is a thread to start. */
  recorders?: number;
  /** What the storage does after it has stored: 'deaf' hangs, anything else until it is told to stop. */
  hang?: string;
  /** Whether the program's threads record until the end. */
  endless?: boolean;
  /** Further options of the collector. */
  more?: object;
}

interface Run {
  program: Program;
  file: string;
}

function start(t: Test, input: Input): Run {
  const file = join(t.testdir({}), 'stored.jsonl');
  return { file, program: Program.start(t, FIXTURES, ['ends.cjs', JSON.stringify({ ...input, file })], {}, 100_000) };
}

const READY = /^ready/;

/** How long the program lets its storage hang, in milliseconds. It depends on what the machine has time for. */
const patienceIn = (output: string): number => Number(/^ready, patience (\d+) ms$/m.exec(output)?.[1]);

/** Runs the program to its end. The time is taken from when it has recorded everything. */
async function run(t: Test, input: Input): Promise<Ending & { lines: StoredLine[]; events: string[]; last?: number }> {
  const { program, file } = start(t, input);
  await program.line(READY);
  program.restart();
  const ending = await program.ended;
  const lines = readLines(file);
  const last = lines.findLast(({ event }) => event === 'stored')?.values?.n;
  return { ...ending, lines, events: lines.map(({ event }) => event), last };
}

const BOOM = /^.*ends\.cjs:\d+\n(.*\n)+Error: boom\n(.*\n)+Node\.js v\d+/m;

for (const flushWorkers of [0, 1]) {
  const titled = (title: string, body: (t: Test) => Promise<void>) =>
    t.test(`${title} (flushWorkers: ${flushWorkers})`, { buffered: true }, body);

  titled('everything is stored when a process ends by itself', async (t) => {
    const { code, last, output, events } = await run(t, { ending: 'by itself', flushWorkers, recorders: 2 });
    t.equal(code, 0);
    t.equal(output, 'ready\n');
    t.equal(last, 2 * BY_THREAD + BY_MAIN);
    t.same(events, ['open', 'stored', 'close']);
  });

  titled('everything is stored when a request ends the process', async (t) => {
    const { code, last, output } = await run(t, {
      ending: 'by process.exit(0) inside a request',
      flushWorkers,
      recorders: 1,
    });
    t.equal(code, 0);
    t.equal(output, 'ready\n');
    t.equal(last, BY_THREAD + BY_MAIN + 1);
  });

  titled('everything is stored when the process ends before a worker is up', async (t) => {
    const { code, last, output } = await run(t, { ending: 'at once', flushWorkers });
    t.equal(code, 0);
    t.equal(output, 'ready\n');
    t.equal(last, BY_MAIN);
  });

  for (const ending of ['by an uncaught exception', 'by an unhandled rejection'])
    titled(
      `everything is stored when a process ends ${ending}, and its exit code and output are as without the library`,
      async (t) => {
        const { code, last, output } = await run(t, { ending, flushWorkers, recorders: 1 });
        t.equal(code, 1);
        t.match(output, BOOM);
        t.notMatch(output, /ringmeter/i);
        t.equal(last, BY_THREAD + BY_MAIN);
      },
    );

  titled('everything is stored when the event loop was blocked until the end', async (t) => {
    const { code, last, output } = await run(t, {
      ending: 'after its event loop was blocked',
      flushWorkers,
      recorders: 1,
    });
    t.equal(code, 3);
    t.equal(output, 'ready\n');
    t.equal(last, BY_THREAD + BY_MAIN + 1);
  });

  titled('everything that threads record until the end is stored', async (t) => {
    const { code, last, output } = await run(t, { ending: 'at once', flushWorkers, recorders: 2, endless: true });
    t.equal(code, 0);
    const recorded = Number(/^recorded (\d+)$/m.exec(output)?.[1]);
    t.ok(last! >= recorded, `${last} of ${recorded} when the end began`);
  });

  titled('closing twice stores once', async (t) => {
    const { code, last, output, events } = await run(t, { ending: 'by closing twice', flushWorkers });
    t.equal(code, 0);
    t.equal(output, 'ready\nclosed\n');
    t.equal(last, BY_MAIN);
    t.same(events, ['open', 'stored', 'close']);
  });

  titled('closing during a flush stores everything', async (t) => {
    const { code, last, output, events } = await run(t, { ending: 'by closing while it flushes', flushWorkers });
    t.equal(code, 0);
    t.equal(output, 'ready\nok,ok\n');
    t.equal(last, BY_MAIN + 1);
    t.equal(events.at(-1), 'close');
  });

  titled('process.exit during close() stores everything', async (t) => {
    const { code, last, output } = await run(t, { ending: 'by closing and process.exit at once', flushWorkers });
    t.equal(code, 0);
    t.equal(output, 'ready\n');
    t.equal(last, BY_MAIN);
  });

  titled('workers that are killed during the last flush are replaced, and everything is stored', async (t) => {
    const { code, last, output, lines } = await run(t, {
      ending: 'by closing while its threads are killed',
      flushWorkers,
      recorders: 1,
    });
    t.equal(code, 0, output);
    t.match(output, /^closed$/m);
    t.equal(last, BY_THREAD + BY_MAIN);
    const stored = lines.filter(({ event }) => event === 'stored');
    t.ok(stored.every(({ values }) => values?.n === BY_THREAD + BY_MAIN));
  });

  titled('SIGTERM ends a process as without the library', async (t) => {
    const { program, file } = start(t, { ending: 'by a signal', flushWorkers });
    await program.line(/^ready$/);
    program.kill('SIGTERM');
    const { code, signal, output } = await program.ended;
    t.same({ code, signal, output }, { code: null, signal: 'SIGTERM', output: 'ready\n' });
    t.same(readLines(file), []);
  });

  titled('with shutdown.signals everything is stored before SIGTERM ends the process', async (t) => {
    const more = { shutdown: { timeout: 30_000, signals: ['SIGTERM', 'SIGINT'] } };
    for (const wanted of ['SIGTERM', 'SIGINT'] as const) {
      const { program, file } = start(t, { ending: 'by a signal', flushWorkers, recorders: 1, more });
      await program.line(/^ready$/);
      program.kill(wanted);
      const { code, signal, output } = await program.ended;
      t.same({ code, signal, output }, { code: null, signal: wanted, output: 'ready\n' });
      t.match(readLines(file).at(-1), { event: 'close' });
      t.equal(readLines(file).at(-2)?.values?.n, BY_THREAD + BY_MAIN);
    }
  });

  titled('with shutdown.signals SIGTERM ends also a process that has signal-exit', async (t) => {
    const more = { shutdown: { timeout: 30_000, signals: ['SIGTERM'] } };
    const { program, file } = start(t, { ending: 'by a signal that a package listens to', flushWorkers, more });
    await program.line(/^ready$/);
    program.kill('SIGTERM');
    const { signal, output } = await program.ended;
    t.same({ signal, output }, { signal: 'SIGTERM', output: 'ready\nends\n' });
    t.equal(readLines(file).at(-2)?.values?.n, BY_MAIN);
  });

  titled('with shutdown.signals a program that listens to the signal itself decides when it ends', async (t) => {
    const more = { shutdown: { timeout: 30_000, signals: ['SIGTERM'] } };
    const { program, file } = start(t, { ending: 'by a signal that it listens to', flushWorkers, more });
    await program.line(/^ready$/);
    program.kill('SIGTERM');
    const { code, signal, output } = await program.ended;
    t.same({ code, signal, output }, { code: 7, signal: null, output: 'ready\nheard\n' });
    t.equal(readLines(file).at(-2)?.values?.n, BY_MAIN);
  });

  for (const hang of ['deaf', 'until told']) {
    titled(`a storage that hangs (${hang}) delays the end of the process by shutdown.timeout`, async (t) => {
      const { code, last, took, output } = await run(t, { ending: 'by itself', flushWorkers, hang });
      const patience = patienceIn(output);
      t.equal(code, 0);
      t.equal(last, BY_MAIN);
      t.ok(took >= patience - 100 && took < 6 * patience, `${took} ms, of ${patience}`);
      t.match(output, /RingmeterWarning: last flush, lines: it was not closed in time, 1 snapshots are undelivered/);
    });

    titled(`a storage that hangs (${hang}) delays SIGTERM by shutdown.timeout`, async (t) => {
      const more = { shutdown: { signals: ['SIGTERM'] } };
      const { program } = start(t, { ending: 'by a signal', flushWorkers, hang, more });
      const patience = patienceIn(await program.line(READY));
      program.restart();
      program.kill('SIGTERM');
      const { signal, took } = await program.ended;
      t.equal(signal, 'SIGTERM');
      t.ok(took >= patience - 100 && took < 6 * patience, `${took} ms, of ${patience}`);
    });

    titled(`a storage that hangs (${hang}) delays close() by its timeout`, async (t) => {
      const { code, last, output } = await run(t, { ending: 'by a close that is bounded', flushWorkers, hang });
      const patience = patienceIn(output);
      t.equal(code, 0);
      t.equal(last, BY_MAIN);
      const after = Number(/closed after (\d+) ms/.exec(output)?.[1]);
      t.ok(after >= patience - 100 && after < 4 * patience, `${after} ms, of ${patience}`);
      t.match(output, /RingmeterWarning: last flush, lines: it was not closed in time, 1 snapshots are undelivered/);
    });
  }

  titled('with shutdown.timeout 0 nothing is stored at the end', async (t) => {
    const { code, events } = await run(t, { ending: 'by itself', flushWorkers, more: { shutdown: { timeout: 0 } } });
    t.equal(code, 0);
    t.same(events, []);
  });

  titled('kill -9 loses at most the records after the last flush', async (t) => {
    const { program, file } = start(t, { ending: 'by kill -9', flushWorkers });
    await program.line(/^stored/);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
    program.kill('SIGKILL');
    const { output } = await program.ended;
    const told = Number([...output.matchAll(/^stored (\d+)$/gm)].at(-1)?.[1]);
    const stored = readLines(file).filter(({ event }) => event === 'stored');
    t.ok(stored.at(-1)!.values!.n >= told, `${stored.at(-1)!.values!.n} of ${told}`);
  });
}
