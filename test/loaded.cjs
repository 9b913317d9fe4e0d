// Runs tests, those of the given files, on a machine that is busy with something else: two processes count all the time.
const { spawn } = require('node:child_process');

/** Where threads record, drain, fold in place and die, and what flush workers do; without what takes more than two minutes. */
const FILES = [
  ...['conservation', 'consistency', 'full-ring', 'killed-drainer', 'litmus', 'reuse', 'threads'].map(
    (name) => `test/threads/${name}.test.ts`,
  ),
  ...['loaded', 'resident', 'storages'].map((name) => `test/flush/${name}.test.ts`),
];
const given = process.argv.slice(2);

/** Ends with this process, however that ends: its standard input is closed then. */
const BUSY = `
  process.stdin.resume().on('end', () => process.exit());
  (function count() {
    for (const end = Date.now() + 100; Date.now() < end; );
    setImmediate(count);
  })();`;

const loops = [1, 2].map(() => spawn(process.execPath, ['-e', BUSY], { stdio: ['pipe', 'ignore', 'inherit'] }));
const tap = spawn('npx', ['tap', ...(given.length > 0 ? given : FILES)], { stdio: 'inherit' });
tap.once('close', (code) => {
  const isLoaded = loops.every(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  if (!isLoaded)
    process.stderr.write('A busy process ended before the tests did: the machine was not busy all the time.\n');
  process.exitCode = isLoaded ? (code ?? 1) : 1;
  for (const loop of loops) loop.kill();
});
