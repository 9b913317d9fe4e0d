import type { Contender } from './contenders/contender';
import { type Measured, Measurement, warm } from './measure';

/** What a contender's process is asked for, as its only argument, in JSON. */
export interface Task {
  /** A file of `contenders/`. */
  contender: string;
  /** Shifts the order of the operations, so that none is always measured first. */
  repetition: number;
  /** Milliseconds of timed bursts per operation. */
  budget: number;
}

/** What it answers. */
export interface Answer {
  title: string;
  skipped?: string;
  measured: Record<string, Measured>;
  /** Totals that are not what was recorded. */
  wrong: string[];
}

async function perform({ contender: file, repetition, budget }: Task): Promise<Answer> {
  const { contender } = require(`./contenders/${file}`) as { contender: Contender };
  const answer: Answer = { title: contender.title, skipped: contender.skipped, measured: {}, wrong: [] };
  if (contender.skipped !== undefined) return answer;
  const session = await contender.open();
  const entries = Object.entries(session.benchmarks);
  const measurements = entries.map(([name, benchmark]) => ({ name, it: new Measurement(benchmark, session) }));
  await warm(
    measurements.map(({ it }) => it),
    session,
  );
  const first = (repetition * 3) % measurements.length;
  for (const { name, it } of [...measurements.slice(first), ...measurements.slice(0, first)])
    answer.measured[name] = await it.measure(budget);
  for (const { name, it } of measurements) {
    const wrong = await it.verify();
    if (wrong !== undefined) answer.wrong.push(`${contender.title}: ${name}: ${wrong}`);
  }
  const wrong = session.audit?.();
  if (wrong !== undefined) answer.wrong.push(`${contender.title}: ${wrong}`);
  await session.close?.();
  return answer;
}

perform(JSON.parse(process.argv[2]) as Task).then(
  (answer) => process.send?.(answer, () => process.disconnect()),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exitCode = 1;
    process.disconnect?.();
  },
);
