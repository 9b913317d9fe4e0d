import { parseArgs } from 'node:util';
import { printable } from '../common/printable';
import { toJson } from '../exposition/json';
import {
  followMetricsDirectory,
  type MetricsFlush,
  type ReadMetricsOptions,
  readDirectory,
} from '../storages/file/directory';
import { type Command, type CommandIo, UsageError } from './command';
import { metricsTable } from './table';
import { parseTime } from './time';

const HELP = `Usage: ringmeter cat [OPTIONS] DIRECTORY

Shows the metrics that FileStorage wrote to a directory, flush by flush, the oldest first. A process may write to it at the same time.

Options:
  --from TIME    leave out what is older
  --to TIME      leave out what is newer
  --name NAME    only this metric; may be given several times
  --last         only the last flush of each process
  --follow       show new flushes as they are written (from now on, or since --from), until interrupted
  --json         one JSON object per flush and line: timestamp, source, metrics
  --help         show this

TIME is a date (2025-01-31T10:00Z), milliseconds since 1970, or how long ago (90s, 15m, 2h, 7d).
`;

export const command: Command = { help: HELP, run };

async function run(args: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      name: { type: 'string', multiple: true },
      last: { type: 'boolean' },
      follow: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const [directory, ...others] = positionals;
  if (directory === undefined || others.length > 0) throw new UsageError('give one directory');
  if (values.follow && values.last) throw new UsageError('--follow and --last exclude each other');
  let damages = 0;
  const options: ReadMetricsOptions = {
    from: parseTime('--from', values.from) ?? (values.follow ? Date.now() : undefined),
    to: parseTime('--to', values.to),
    names: values.name,
    onDamage({ file, offset, code, reason }) {
      damages++;
      io.warn(`ringmeter cat: ${printable(`${file}, from byte ${offset}: ${reason} (${code})`)}\n`);
    },
  };
  const show = values.json ? flushJson : flushTable;
  const flushes = values.follow
    ? followMetricsDirectory(directory, options, io.signal)
    : readDirectory(directory, options);
  for await (const flush of values.last ? lastOfEach(flushes) : flushes) await io.print(show(flush));
  return damages === 0 ? 0 : 1;
}

async function* lastOfEach(flushes: AsyncIterable<MetricsFlush>): AsyncGenerator<MetricsFlush, void> {
  const last = new Map<string, MetricsFlush>();
  for await (const flush of flushes) last.set(flush.source, flush);
  yield* [...last.values()].sort((a, b) => a.timestamp - b.timestamp);
}

function flushJson({ timestamp, source, metrics }: MetricsFlush): string {
  const json = Buffer.from(toJson(metrics)).toString();
  return `{"timestamp":${timestamp},"source":${JSON.stringify(source)},"metrics":${json}}\n`;
}

function flushTable({ timestamp, source, metrics }: MetricsFlush): string {
  return `${new Date(timestamp).toISOString()}  ${printable(source)}\n${metricsTable(metrics)}\n`;
}
