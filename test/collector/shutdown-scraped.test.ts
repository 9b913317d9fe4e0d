import { Agent, get } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Program } from '../package/consumer';

// each is another process
t.jobs = 2;

const FIXTURES = join(__dirname, '..', 'fixtures', 'storages');
const CONNECTIONS = 16;
/** On Node 20, of exits that are not safe half abort. */
const EXITS = 3;

/** Scrapes without pause until nobody listens any more. */
function scrape(t: Test, url: string): void {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  t.teardown(() => agent.destroy());
  const again = (): void => {
    get(url, { agent }, (answer) =>
      answer
        .on('error', () => {})
        .on('end', again)
        .resume(),
    ).on('error', () => {});
  };
  for (let connection = 0; connection < CONNECTIONS; connection++) again();
}

for (const [ending, expected] of [
  ['process.exit', 0],
  ['an uncaught exception', 1],
  ['an unhandled rejection', 1],
  ['close and process.exit', 0],
  ['an empty event loop', 0],
] as const)
  t.test(`a process that is scraped ends by ${ending} as without the library`, async (t) => {
    for (let exit = 0; exit < EXITS; exit++) {
      const program = Program.start(t, FIXTURES, ['ends-scraped.cjs', ending]);
      scrape(t, await program.line(/^http/));
      const { code, signal, output } = await program.ended;
      t.same({ code, signal }, { code: expected, signal: null }, output);
    }
  });
