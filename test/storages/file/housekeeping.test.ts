import { appendFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { Housekeeping } from '../../../dist/src/storages/file/housekeeping.js';
import { Room } from '../../../dist/src/storages/file/room.js';
import { WriterDirectory } from '../../../dist/src/storages/file/writer-directory.js';
import { directoryFor, filesIn, isWhole, readAll, textOf, writerFor } from './support';

const NOBODY = '0'.repeat(16);
const NEVER = new AbortController().signal;

/** A housekeeper that has somebody die right after it has seen to the files of those who were dead before. */
class Overtaken extends Housekeeping {
  constructor(
    directory: string,
    private dies: () => void,
  ) {
    const shared = new WriterDirectory(directory, (problem) => {
      throw problem;
    });
    shared.writer = NOBODY;
    const limits = { maxBytes: Number.POSITIVE_INFINITY, maxFileBytes: 1_024, maxAge: Number.POSITIVE_INFINITY };
    super({ directory: shared, room: new Room(shared, limits), gzip: true, sync: false });
  }

  override async repair(signal: AbortSignal): Promise<void> {
    await super.repair(signal);
    this.dies();
    this.dies = () => {};
  }
}

test('a partial flush of a writer that dies during the housekeeping is not compressed', async (t) => {
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

  await housekeeping.tidy(NEVER);
  t.same(filesIn(directory), [name], 'it is left for the next time');
  await housekeeping.tidy(NEVER);
  t.same(filesIn(directory), [`${name}.gz`]);
  t.ok(isWhole(textOf(join(directory, `${name}.gz`))), 'nothing stands behind its last flush');
  t.equal((await readAll(directory)).length, 2);
});
