import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..');
const FIXTURES = join(ROOT, 'test', 'fixtures', 'consumer');

/** A project that has nothing but the packed package, what that depends on, and our programs. */
export interface Project {
  folder: string;
  /** Paths in the tarball. */
  packed: string[];
}

/**
 * Installs the tarball without a network: it is unpacked, and its dependencies, and only they, are linked to the ones of
 * the repository. A dependency that is not declared is missing here, as it would be at a user's.
 *
 * @param extra further packages of the repository that the project uses by itself
 */
export async function installPacked(t: Test, extra: readonly string[] = []): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmeter-package-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
  });
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'ringmeter'), { recursive: true });
  await run('tar', ['-xzf', join(folder, filename), '-C', join(modules, 'ringmeter'), '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(modules, 'ringmeter', 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), ...extra]) link(name, modules);
  for (const file of readdirSync(FIXTURES)) cpSync(join(FIXTURES, file), join(folder, file));
  return { folder, packed: files.map(({ path }) => path) };
}

function link(name: string, modules: string): void {
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'dir');
}

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  /** Milliseconds from the start, or from `restart()`, to the end. */
  took: number;
}

/** A running program of the project. Ended by force if it is still there after the deadline, or when the test ends. */
export class Program {
  output = '';
  readonly ended: Promise<Ending>;
  private hasEnded = false;
  /** Called when there is more output, and when the program has ended. */
  private looks: (() => void)[] = [];
  private began = performance.now();

  private constructor(
    private readonly child: ChildProcess,
    deadline: number,
  ) {
    const timer = setTimeout(() => child.kill('SIGKILL'), deadline);
    const keep = (part: Buffer) => {
      this.output += part;
      this.look();
    };
    child.stdout!.on('data', keep);
    child.stderr!.on('data', keep);
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        this.hasEnded = true;
        this.look();
        resolve({ code, signal, output: this.output, took: performance.now() - this.began });
      });
    });
  }

  static start(
    t: Test,
    folder: string,
    args: readonly string[],
    env: Record<string, string> = {},
    deadline = 20_000,
  ): Program {
    // `env` takes away what the test runner adds to the options of every node that a test starts
    const { NODE_OPTIONS = '', ...others } = env;
    const child = spawn('env', [`NODE_OPTIONS=${NODE_OPTIONS}`, process.execPath, ...args], {
      cwd: folder,
      env: { ...process.env, ...others },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    return new Program(child, deadline);
  }

  /** Waits for a whole line of the output that matches. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.output
        .split('\n')
        .slice(0, -1)
        .find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.hasEnded) throw new Error(`it ended without ${pattern}: ${this.output}`);
      await new Promise<void>((resolve) => {
        this.looks.push(resolve);
      });
    }
  }

  private look(): void {
    for (const look of this.looks.splice(0)) look();
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Takes the time from now on. */
  restart(): void {
    this.began = performance.now();
  }
}
