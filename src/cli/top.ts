import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ScrapeError } from '../scrape/error';
import { type Command, type CommandIo, UsageError } from './command';
import { durationOf, httpSource, SOURCE_OPTIONS, sourceHelp } from './source';
import { frameLines } from './top/frame';
import { Screen } from './top/screen';
import { Watch } from './top/watch';

const HELP = `Usage: ringmeter top [OPTIONS] URL

Shows the main figures of a scrape endpoint and refreshes them: CPU, memory and event loops, requests with errors and quantiles,
storages, alerts, the fastest counters and the metrics with the most series. Rates are computed between two scrapes.
Press q to quit. A URL without a path means its /metrics; host:port will do.

Options:
  --interval TIME  time between two scrapes, such as 500ms or 5s; default 2s
  --once           scrape twice, show one frame as plain text, and exit; the default if the output is not a terminal
${sourceHelp(17)}
  --help           show this
`;

export const command: Command = { help: HELP, run };

/** Size of the output if it is no terminal. */
const PLAIN = { columns: 100, rows: 60 };

async function run(args: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...SOURCE_OPTIONS, interval: { type: 'string' }, once: { type: 'boolean' } },
  });
  const [target, ...others] = positionals;
  const source = target === undefined || others.length > 0 ? undefined : httpSource(target, values);
  if (source === undefined) throw new UsageError('give one URL, http://HOST:PORT/metrics');
  const interval = durationOf('--interval', values.interval, 2_000);
  const watch = new Watch(source);
  try {
    if (values.once || !process.stdout.isTTY) return await once(watch, interval, io);
    return await forever(watch, interval, io);
  } finally {
    await source.close();
  }
}

async function once(watch: Watch, interval: number, io: CommandIo): Promise<number> {
  await scrapeOrThrow(watch, io.signal);
  await sleep(interval, undefined, { signal: io.signal });
  await scrapeOrThrow(watch, io.signal);
  await io.print(
    `${frameLines(watch.present, PLAIN)
      .map((line) => line.trimEnd())
      .join('\n')}\n`,
  );
  return 0;
}

async function scrapeOrThrow(watch: Watch, signal: AbortSignal): Promise<void> {
  await watch.scrape(signal);
  if (watch.present.problem) throw new ScrapeError(watch.present.problem);
}

async function forever(watch: Watch, interval: number, io: CommandIo): Promise<number> {
  const screen = new Screen(process.stdin, process.stdout, () => draw());
  const draw = (): void => screen.draw(frameLines(watch.present, screen.size, io.isColoured));
  const { signal } = screen;
  try {
    draw();
    while (!signal.aborted) {
      await watch.scrape(signal);
      if (signal.aborted) break;
      draw();
      await sleep(interval, undefined, { signal }).catch(() => {});
    }
    return 0;
  } finally {
    screen.close();
  }
}
