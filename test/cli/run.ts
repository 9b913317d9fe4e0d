import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Test } from 'tap';
import { run } from '../../dist/src/cli/ringmeter.js';

const BIN = join(__dirname, '..', '..', 'dist', 'src', 'cli', 'bin.js');

/** A run of the command line, as a user starts it. */
export class Cli {
  output = '';
  errors = '';
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;

  constructor(t: Test, ...args: string[]) {
    // tap's preload is not for this one
    const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, NODE_OPTIONS: '' } });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.ended = new Promise((resolve) => child.once('close', resolve));
    t.teardown(() => child.kill());
  }
}

export async function runCli(
  t: Test,
  ...args: string[]
): Promise<{ code: number | null; output: string; errors: string }> {
  const cli = new Cli(t, ...args);
  const code = await cli.ended;
  return { code, output: cli.output, errors: cli.errors };
}

/** The same without a process of its own: quick, where what happens to the process does not matter. */
export async function runHere(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  const [printed, warned]: string[][] = [[], []];
  const code = await run(args, {
    print: async (text) => void printed.push(text),
    warn: (text) => void warned.push(text),
    isColoured: false,
    signal: new AbortController().signal,
  });
  return { code, output: printed.join(''), errors: warned.join('') };
}
