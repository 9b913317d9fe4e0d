import { Agent } from 'node:http';
import { test } from 'tap';
import { fetchFrom } from '../endpoint/client';
import { Program } from './consumer';

const FIXTURES = `${__dirname}/../fixtures/consumer`;

/** From the end of the last thing that the program does by itself. The next limit in the library is 65 s. */
const PROMPT_MS = 3_000;

for (const flushWorkers of [0, 1, 2]) {
  for (const close of [false, true]) {
    const mode = `(flushWorkers: ${flushWorkers}, ${close ? 'with' : 'without'} close())`;
    const env = { FLUSH_WORKERS: String(flushWorkers), CLOSE: close ? '1' : '0' };

    test(`a process exits by itself when its server closes ${mode}`, async (t) => {
      const program = Program.start(t, FIXTURES, ['exits.cjs'], env);
      const { service, metrics } = JSON.parse(await program.line(/^\{/));
      t.match((await fetchFrom(metrics)).body.toString(), /^requests_total 0$/m);
      program.restart();
      await fetchFrom(service);
      const { code, output, took } = await program.ended;
      t.equal(code, 0);
      t.match(output, /server closed\n/);
      t.equal(output.includes('collector closed'), close);
      t.ok(took < PROMPT_MS, `it took ${took.toFixed(0)} ms`);
    });

    test(`a scraper that keeps its connection open does not keep the process alive ${mode}`, async (t) => {
      const program = Program.start(t, FIXTURES, ['exits.cjs'], env);
      const { service, metrics } = JSON.parse(await program.line(/^\{/));
      const agent = new Agent({ keepAlive: true });
      t.teardown(() => agent.destroy());
      await fetchFrom(metrics, { agent });
      t.equal(Object.values(agent.freeSockets).flat().length, 1);
      program.restart();
      await fetchFrom(service);
      const { code, output, took } = await program.ended;
      t.equal(code, 0, output);
      t.ok(took < PROMPT_MS, `it took ${took.toFixed(0)} ms`);
    });

    test(`a script that only waits for the library gets its answers and ends ${mode}`, async (t) => {
      const { code, output } = await Program.start(t, FIXTURES, ['script.mjs'], env).ended;
      t.equal(output, 'done\n');
      t.equal(code, 0);
    });
  }
}
