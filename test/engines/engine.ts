import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Test } from 'tap';

/** Set where a missing engine is a failure and no reason to skip. */
const REQUIRED = process.env.RINGMETER_REQUIRE_ENGINES === '1';

/** A program's path; undefined if the machine does not have it. */
function findProgram(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * The options of a test that needs a program: skipped, visibly, where it is missing. With RINGMETER_REQUIRE_ENGINES=1
 * the test runs and fails.
 */
export function needs(name: string): { skip: string | false } {
  const skip = findProgram(name) === undefined && !REQUIRED;
  return { skip: skip && `${name} is not installed (Debian's package "prometheus" has it)` };
}

function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed, and RINGMETER_REQUIRE_ENGINES=1 says it must be`);
  return path;
}

export interface Verdict {
  /** 0 = fine, 3 = the linter complains, 1 = it cannot be read. */
  code: number;
  output: string;
}

/** `promtool check metrics` on an exposition. */
export function promtoolCheck(body: Uint8Array): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const child = execFile(program('promtool'), ['check', 'metrics'], { timeout: 20_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, output: stdout + stderr });
      else reject(error);
    });
    child.stdin!.on('error', () => {});
    child.stdin!.end(body);
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A sample as Prometheus' HTTP API gives it: time in seconds, value in text. */
export interface QueryResult {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

/** A Prometheus server on loopback that scrapes one target every second. It ends with the test. */
export class Prometheus {
  private constructor(
    private readonly base: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(t: Test, target: string): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'ringmeter-prometheus-'));
    const port = await freePort();
    const config = join(folder, 'prometheus.yml');
    await writeFile(
      config,
      `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [{ job_name: ringmeter, static_configs: [{ targets: ['${target}'] }] }]
`,
    );
    const child = spawn(
      program('prometheus'),
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let log = '';
    child.stderr!.on('data', (part) => {
      log += part;
    });
    // should the test's own process be cut short, the server goes with it
    process.once('exit', () => child.kill('SIGKILL'));
    const server = new Prometheus(`http://127.0.0.1:${port}`, child);
    t.teardown(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });
    await poll(`Prometheus is ready; it says: ${log}`, async () => {
      if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}: ${log}`);
      return (await fetch(`${server.base}/-/ready`)).ok;
    });
    return server;
  }

  /** An instant query. */
  async query(expression: string): Promise<QueryResult[]> {
    const response = await fetch(`${this.base}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { status, data } = (await response.json()) as { status: string; data: { result: QueryResult[] } };
    if (status !== 'success') throw new Error(`${expression}: ${JSON.stringify(data)}`);
    return data.result;
  }

  /** The number that a query gives, if it gives exactly one. */
  async number(expression: string): Promise<number | undefined> {
    const results = await this.query(expression);
    return results.length === 1 ? Number(results[0].value[1]) : undefined;
  }

  /** What it thinks of its target. */
  async target(): Promise<{ health: string; lastError: string } | undefined> {
    const response = await fetch(`${this.base}/api/v1/targets`);
    const { data } = (await response.json()) as { data: { activeTargets: { health: string; lastError: string }[] } };
    return data.activeTargets[0];
  }

  private async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const stubborn = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(stubborn);
  }
}

/** Waits until something holds; errors on the way count as not yet, the last one is told when the time is over. */
export async function poll(what: string, holds: () => Promise<boolean>, deadline = 20_000): Promise<void> {
  const end = Date.now() + deadline;
  let last: unknown;
  for (;;) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not within ${deadline} ms: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
