import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FileStorageOptions, MetricsFlush } from 'ringmeter';

const PROGRAM = require.resolve('../../fixtures/file-writer.cjs');

/** A process that stores flush after flush in files, and what it said about it. */
export class WriterProcess {
  private output = '';
  private readonly child: ChildProcess;
  readonly ended: Promise<unknown>;

  constructor(
    options: FileStorageOptions,
    flushes = Number.POSITIVE_INFINITY,
    private readonly width = 0,
  ) {
    const args = [PROGRAM, JSON.stringify(options), String(flushes), String(width)];
    // tap's preload is not for this one, and slow
    const env = { ...process.env, NODE_OPTIONS: '' };
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    this.ended = once(this.child, 'close');
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** How many flushes it said were stored. */
  get stored(): number {
    return this.output.split('\n').length - 1;
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.child.kill(signal);
  }

  /** Its own among all flushes. */
  ownOf(flushes: readonly MetricsFlush[]): MetricsFlush[] {
    return flushes.filter(({ source }) => source.includes(`-${this.pid}-`));
  }

  /**
   * Whether the flushes are the first of what it stored, each as it was stored.
   *
   * @returns what is wrong
   */
  check(flushes: readonly MetricsFlush[]): string[] {
    return this.ownOf(flushes).flatMap((flush, index) => differences(flush, index + 1, this.pid, this.width));
  }
}

/** What is wrong with flush n of a writer. */
function differences({ metrics }: MetricsFlush, n: number, pid: number, width: number): string[] {
  const wrong: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown): void => {
    if (actual !== expected) wrong.push(`${what} of flush ${n} is ${actual}, not ${expected}`);
  };
  const of = (name: string) => metrics.filter((metric) => metric.name === name && metric.labels.pid === String(pid));
  const [counter] = of('counter_total');
  const [histogram] = of('histogram');
  const [summary] = of('summary');
  const sum = (n * (n + 1)) / 2;
  expect('counter', counter?.value, n);
  expect('histogram', histogram?.value, n);
  expect('histogram sum', histogram?.sum, sum);
  expect('bucket', histogram?.buckets?.[0].count, Math.min(n, 10));
  expect('summary', summary?.value, n);
  expect('summary sum', summary?.sum, sum);
  const wide = of('wide');
  expect('width', wide.length, width);
  expect('wrong wide gauges', wide.filter(({ value, labels }) => value !== Number(labels.index)).length, 0);
  const gauges = of('gauge');
  expect('number of gauges', gauges.length, Math.min(n, 50));
  for (const { value, labels } of gauges) {
    expect('hostile label', labels.hostile, '\n{"flush":1}\n');
    expect('gauge', value, n - ((n - Number(labels.flush)) % 50));
  }
  return wrong;
}
