import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Answer, Task } from './process';
import { report } from './report';

/** Files of `contenders/`, in the order in which they take turns. */
const CONTENDERS = ['floor', 'ringmeter', 'prom-client', 'prometheus-io', 'opentelemetry', 'flatness', 'sustained'];
/** Milliseconds after which a process is given up. */
const PATIENCE = 120_000;

const USAGE = `npm run perf -- [--quick] [--json FILE]

What a record costs: ringmeter, its peers, and a plain store, each in processes of its own that take turns.
  --quick      fewer repetitions: under a minute instead of under three
  --json FILE  writes what every process measured
Exits with 1 if a library's totals are not what was recorded, or a process fails. Never because of a time.
`;

interface Plan {
  repetitions: number;
  budget: number;
}

const DEFAULT_PLAN: Plan = { repetitions: 5, budget: 180 };
const QUICK_PLAN: Plan = { repetitions: 2, budget: 120 };

/** The machine, as the report names it. */
export interface Machine {
  cpu: string;
  cores: number;
  node: string;
  platform: string;
}

/** Everything that was measured, by contender's file, one answer per repetition. */
export type Answers = Record<string, Answer[]>;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, json: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const plan = values.quick ? QUICK_PLAN : DEFAULT_PLAN;
  const machine = thisMachine();
  if (machine.cores < 2) progress('Only one core: the flush worker takes turns with what is measured.\n');
  const answers = await takeTurns(plan);
  process.stdout.write(report(answers, machine, plan.repetitions));
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ machine, plan, answers }, null, 2));
  const wrong = Object.values(answers).flatMap((repetitions) => repetitions.flatMap((answer) => answer.wrong));
  for (const sentence of wrong) process.stderr.write(`WRONG TOTAL: ${sentence}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}

function thisMachine(): Machine {
  const { node, v8 } = process.versions;
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    node: `Node ${node}, V8 ${v8}`,
    platform: `${process.platform} ${process.arch}`,
  };
}

async function takeTurns({ repetitions, budget }: Plan): Promise<Answers> {
  const answers: Answers = Object.fromEntries(CONTENDERS.map((contender) => [contender, []]));
  for (let repetition = 0; repetition < repetitions; repetition++)
    for (const contender of CONTENDERS) {
      if (answers[contender][0]?.skipped !== undefined) continue;
      progress(`repetition ${repetition + 1} of ${repetitions}: ${contender}`);
      answers[contender].push(await ask({ contender, repetition, budget }));
    }
  progress('');
  return answers;
}

/** Runs one task in a fresh process. */
function ask(task: Task): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = fork(join(__dirname, 'process.js'), [JSON.stringify(task)], {
      execArgv: ['--expose-gc'],
      timeout: PATIENCE,
    });
    let answer: Answer | undefined;
    child.once('message', (message) => {
      answer = message as Answer;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (answer !== undefined && code === 0) resolve(answer);
      else reject(new Error(`the process of ${task.contender} ended with ${signal ?? code}`));
    });
  });
}

/** One line that is overwritten on a terminal. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== '') process.stderr.write(`${text}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
