import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Test } from 'tap';

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
