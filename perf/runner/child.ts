import { once } from 'node:events';
import { join } from 'node:path';
import type { Contender } from '../contenders/contender';
import { type Answer, type Benchmark, EVERYTHING, RESTING, type Task, TooMuch } from './benchmark';

async function perform({ benchmark: name, parameters, turn }: Task): Promise<Answer> {
  const { benchmark } = require(join('..', 'benchmarks', name)) as { benchmark: Benchmark };
  const file = turn.contender;
  let title = file;
  const load = (): Contender => {
    const { contender } = require(join('..', 'contenders', file)) as { contender: Contender };
    title = contender.title;
    return contender;
  };
  try {
    const outcome = await benchmark.perform(load, parameters, turn, rest);
    return { ...outcome, title };
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return { figures: {}, omitted: { [EVERYTHING]: error.message }, wrong: [], title };
  }
}

async function rest(): Promise<void> {
  const goOn = once(process, 'message');
  process.send?.(RESTING);
  await goOn;
}

// nobody asks any more
process.once('disconnect', () => process.exit(1));
perform(JSON.parse(process.argv[2]) as Task).then(
  (answer) => process.send?.(answer, () => process.exit()),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  },
);
