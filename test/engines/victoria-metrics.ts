import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type DebianProgram, fetchProgram } from './debian';
import { poll } from './engine';

const REQUIRED = process.env.RINGMETER_REQUIRE_ENGINES === '1';

/** Versions from which on it takes OTLP, and keeps deltas. */
export const TAKES_OTLP = [1, 112];
export const TAKES_DELTAS = [1, 145];

const program = fetchProgram('victoria-metrics', 'victoria-metrics', ['sid', 'trixie']);

/** The options of a test that needs a version: skipped, visibly, where it cannot be had, unless engines are required. */
export function needsVictoriaMetrics(least: readonly number[]): { skip: string | false } {
  if (REQUIRED) return { skip: false };
  if (typeof program === 'string') return { skip: program };
  const tooOld = compare(program.version, least) < 0;
  return { skip: tooOld && `victoria-metrics ${program.version} is too old: ${least.join('.')} is needed` };
}

function compare(version: string, least: readonly number[]): number {
  const parts = version.split('.').map(Number);
  return parts[0] - least[0] || parts[1] - least[1];
}

/** A sample of a series, as its export has them. */
export interface Exported {
  metric: Record<string, string>;
  values: number[];
  /** Wall-clock milliseconds. */
  timestamps: number[];
}

/** A VictoriaMetrics server on loopback. It ends with the test. */
export class VictoriaMetrics {
  private child: ChildProcess | undefined;
  private address = '127.0.0.1:0';

  private constructor(
    private readonly engine: DebianProgram,
    private readonly folder: string,
  ) {}

  static async start(t: Test): Promise<VictoriaMetrics> {
    if (typeof program === 'string') throw new Error(`${program}, and RINGMETER_REQUIRE_ENGINES=1 says it must be`);
    const folder = await mkdtemp(join(tmpdir(), 'ringmeter-victoria-'));
    const server = new VictoriaMetrics(program, folder);
    t.teardown(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });
    await server.start();
    return server;
  }

  /** Starts it, or starts it again with its data, at the same address. */
  async start(): Promise<void> {
    const child = spawn(
      this.engine.path,
      [
        `-httpListenAddr=${this.address}`,
        `-storageDataPath=${this.folder}`,
        '-retentionPeriod=1d',
        '-search.latencyOffset=0s',
        '-search.disableCache',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.child = child;
    // should the test's own process be cut short, the server goes with it
    process.once('exit', () => child.kill('SIGKILL'));
    this.address = await listening(child);
  }

  get url(): string {
    return `http://${this.address}`;
  }

  /** The series that a selector names, when they have so many samples: what has been taken is shown a little later. */
  async export(selector: string, samples: number): Promise<Exported[]> {
    let series: Exported[] = [];
    await poll(`${samples} samples of ${selector}`, async () => {
      await fetch(`${this.url}/internal/force_flush`);
      const response = await fetch(`${this.url}/api/v1/export?match[]=${encodeURIComponent(selector)}`);
      const lines = (await response.text()).split('\n').filter((line) => line !== '');
      series = lines.map((line) => JSON.parse(line));
      return series.reduce((sum, { values }) => sum + values.length, 0) >= samples;
    });
    return series;
  }

  /** The results of an instant query: labels and values. */
  async query(expression: string, time: number): Promise<{ metric: Record<string, string>; value: number }[]> {
    const response = await fetch(
      `${this.url}/api/v1/query?query=${encodeURIComponent(expression)}&time=${time / 1000}`,
    );
    const { status, data, error } = (await response.json()) as {
      status: string;
      data: { result: { metric: Record<string, string>; value: [time: number, value: string] }[] };
      error?: string;
    };
    if (status !== 'success') throw new Error(`${expression}: ${error}`);
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    const stubborn = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(stubborn);
  }
}

/** The address that it says it listens at, once it does. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr!.on('data', (part) => {
      log += part;
      const [, address] = /started server at http:\/\/([^/]+)\//.exec(log) ?? [];
      if (address !== undefined) resolve(address);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`VictoriaMetrics ended with ${code}: ${log.slice(-2_000)}`)));
  });
}
