import { appendFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { Housekeeping } from '../../../dist/src/storage/file/housekeeping.js';
import { directoryFor, filesIn, isWhole, readAll, textOf, writerFor } from './support';

const NOBODY = '0'.repeat(16);
const NEVER = new AbortController().signal;

/** A housekeeper that has somebody die right after it has seen to the files of those who were dead before. */
class Overtaken extends Housekeeping {
  constructor(
    directory: string,
    private dies: () => void,
  ) {
    super({
      directory,
      maxOtherBytes: Number.POSITIVE_INFINITY,
      maxAge: Number.POSITIVE_INFINITY,
      gzip: true,
      sync: false,
      onProblem: (problem) => {
        throw problem;
      },
    });
  }

  override async repair(): Promise<void> {
    await super.repair();
    this.dies();
    this.dies = () => {};
  }
}

test('half a flush of a writer that dies during the housekeeping is not compressed with the rest', async (t) => {
  const directory = directoryFor(t);
  const { flush } = await writerFor(t, { directory });
  await flush();
  await flush();
  const [name] = filesIn(directory);
  const housekeeping = new Overtaken(directory, () => {
    appendFileSync(join(directory, name), '{"metric":"half');
    // what nobody answers behind counts as dead, and so does a lock that is not there
    for (const lock of readdirSync(directory).filter((other) => other.endsWith('.lock'))) rmSync(join(directory, lock));
  });

  await housekeeping.tidy(NOBODY, 0, NEVER);
  t.same(filesIn(directory), [name], 'it is left for the next time');
  await housekeeping.tidy(NOBODY, 0, NEVER);
  t.same(filesIn(directory), [`${name}.gz`]);
  t.ok(isWhole(textOf(join(directory, `${name}.gz`))), 'nothing stands behind its last flush');
  t.equal((await readAll(directory)).length, 2);
});
