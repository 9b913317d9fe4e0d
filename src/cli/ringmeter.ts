import { RingmeterError } from '../common/errors';
import { type Command, type CommandIo, UsageError } from './command';
import { printableOutput } from './style';

/** Every subcommand: what it is for, and where. Its module is loaded when it is called. */
const COMMANDS: Record<string, { summary: string; load: () => Promise<{ command: Command }> }> = {
  cat: { summary: 'show the metrics that FileStorage wrote to a directory', load: () => import('./cat.js') },
  lint: { summary: 'check what a scrape endpoint exposes', load: () => import('./lint.js') },
  top: { summary: 'watch the main figures of a scrape endpoint', load: () => import('./top.js') },
};

const HELP = `Usage: ringmeter COMMAND [OPTIONS]

Commands:
${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(8)}${summary}`)
  .join('\n')}

ringmeter COMMAND --help describes a command.
`;

/**
 * Runs a command line.
 *
 * @returns the exit code: 0 = fine, 1 = failed, 2 = not understood
 */
export async function run([name, ...args]: string[], output: CommandIo): Promise<number> {
  const io = printing(output);
  if (name === '--help' || name === '-h') {
    await io.print(HELP);
    return 0;
  }
  if (name === undefined || !Object.hasOwn(COMMANDS, name)) {
    io.warn(name === undefined ? HELP : `ringmeter: unknown command ${JSON.stringify(name)}\n\n${HELP}`);
    return 2;
  }
  const { command } = await COMMANDS[name].load();
  return runCommand(name, command, args, io);
}

async function runCommand(name: string, command: Command, args: string[], io: CommandIo): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    await io.print(command.help);
    return 0;
  }
  try {
    return await command.run(args, io);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isUsage = error instanceof UsageError || isParseError(error);
    if (!isUsage && !(error instanceof RingmeterError)) throw error;
    io.warn(`ringmeter ${name}: ${error.message}\n${isUsage ? `Try ringmeter ${name} --help.\n` : ''}`);
    return isUsage ? 2 : 1;
  }
}

/**
 * Filters all output, so that names of metrics, files or servers cannot send control sequences to a terminal. Control
 * characters are escaped as in JSON, so JSON output stays valid.
 */
function printing(io: CommandIo): CommandIo {
  return {
    ...io,
    print: (text) => io.print(printableOutput(text, io.isColoured)),
    warn: (text) => io.warn(printableOutput(text, io.isColoured)),
  };
}

/** Whether `parseArgs` of node:util threw the error. */
function isParseError(error: Error): boolean {
  return String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS_');
}
