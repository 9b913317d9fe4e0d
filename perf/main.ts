import { join } from 'node:path';
import { type Arguments, readArguments, USAGE } from './arguments';
import { renderReport } from './report/files';
import type { Benchmark } from './runner/benchmark';
import { openLanes } from './runner/lanes';
import { thisMachine } from './runner/machine';
import { duration, Progress } from './runner/progress';
import { complaintsOf, folderOf, type Results, writeResults } from './runner/results';
import { expected, planOf, takeTurns } from './runner/turns';

/** In the order in which they are run and reported. */
const NAMES = [
  'hot-path',
  'record-on-threads',
  'scrape',
  'latency-sensitive-server',
  'drain',
  'memory',
  'start-up-and-idle',
  'sum-over-threads',
  'flush',
  'rules',
] as const;

async function main(): Promise<void> {
  const asked = readArguments(process.argv.slice(2), NAMES);
  const benchmarks = asked.only.map(load);
  if (asked.help) process.stdout.write(USAGE);
  else if (asked.list)
    process.stdout.write(benchmarks.map(({ name, about }) => `${name.padEnd(26)}${about}\n`).join(''));
  else await run(benchmarks, asked);
}

function load(name: string): Benchmark {
  return (require(join(__dirname, 'benchmarks', name)) as { benchmark: Benchmark }).benchmark;
}

async function run(benchmarks: Benchmark[], { scale, repetitions }: Arguments): Promise<void> {
  const machine = thisMachine();
  const { lanes, skips } = openLanes(say);
  const plans = benchmarks.map((benchmark) => planOf(benchmark, lanes, scale, repetitions));
  const seconds = plans.reduce((sum, plan) => sum + expected(plan), 0);
  say(`${machine.cpu}, ${machine.cores} cores, ${machine.platform}, Node ${process.versions.node}`);
  if (machine.cores < 4)
    say(`Only ${machine.cores} cores: threads and processes that are measured take turns on them.`);
  for (const { contender, reason } of skips) say(`Not measured: ${contender}. ${reason}`);
  say(`It will take about ${duration(seconds)}.`);
  const progress = new Progress(seconds);
  const folder = folderOf(scale);
  const complaints: string[] = [];
  for (const plan of plans) {
    const { name, about } = plan.benchmark;
    const { series, failures } = await takeTurns(plan, progress);
    const measuredAt = new Date().toISOString();
    const results: Results = {
      benchmark: name,
      about,
      machine,
      plan: { scale, repetitions },
      measuredAt,
      failures,
      skips,
      series,
    };
    writeResults(folder, results);
    complaints.push(...complaintsOf(results));
  }
  progress.end();
  say(`Results: ${folder}/*.json`);
  say(`Report: ${renderReport(scale)}`);
  for (const complaint of complaints) say(complaint);
  if (complaints.length > 0) process.exitCode = 1;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
