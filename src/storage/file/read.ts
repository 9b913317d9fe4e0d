import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredFlush, Wanted } from './decode';
import { type FileName, sortNames } from './names';
import { attempt, isMissing } from './problem';
import type { FileReader } from './read-file';

/** By how much the time of a write may lie behind that of the flush: clocks of filesystems tick every 4 ms to 2 s. */
const CLOCK_STEP_MS = 2_000;

/** The flush of a file that comes next. */
interface Head {
  file: FileName;
  flush: StoredFlush;
  rest: AsyncGenerator<StoredFlush, void>;
}

/**
 * The flushes of all files in a directory, in the order of their times. A file is opened when its time comes, so no more
 * are open at once than were written at once.
 *
 * @param readerOf makes the reader of a file; one that has been used goes on where it ended
 * @throws StorageFailure if something cannot be read
 */
export async function* readFlushes(
  directory: string,
  wanted: Wanted,
  readerOf: (file: FileName) => FileReader,
): AsyncGenerator<StoredFlush, void> {
  const waiting = await filesOf(directory, wanted);
  const heads: Head[] = [];
  /** By source: who wrote its last flush, and the time of that. */
  const last = new Map<string, { writer: string; timestamp: number }>();
  try {
    for (;;) {
      while (waiting.length > 0 && !(waiting[0].created > earliest(heads))) {
        const file = waiting.shift()!;
        await advance(heads, file, readerOf(file).flushes());
      }
      const next = takeEarliest(heads);
      if (next === undefined) return;
      const { file, flush, rest } = next;
      const before = last.get(flush.source);
      last.set(flush.source, { writer: file.writer, timestamp: flush.timestamp });
      // a worker died just after it had stored this one, and its successor has stored it again
      const isRepeated = before !== undefined && before.writer !== file.writer && before.timestamp === flush.timestamp;
      if (!isRepeated) yield flush;
      await advance(heads, file, rest);
    }
  } finally {
    for (const { rest } of heads) await rest.return();
  }
}

async function filesOf(directory: string, { from, to }: Wanted): Promise<FileName[]> {
  const { files } = sortNames(await attempt('read', directory, () => readdir(directory)));
  const wanted: FileName[] = [];
  for (const file of files)
    if (
      file.created <= to &&
      (from === Number.NEGATIVE_INFINITY || (await lastWrite(directory, file)) >= from - CLOCK_STEP_MS)
    )
      wanted.push(file);
  return wanted;
}

/** No flush of a file is younger. Of a file that is just being compressed nothing is known. */
async function lastWrite(directory: string, { name }: FileName): Promise<number> {
  try {
    return (await stat(join(directory, name))).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

function earliest(heads: readonly Head[]): number {
  return heads.reduce((least, { flush }) => Math.min(least, flush.timestamp), Number.POSITIVE_INFINITY);
}

function takeEarliest(heads: Head[]): Head | undefined {
  const time = earliest(heads);
  const index = heads.findIndex(({ flush }) => flush.timestamp === time);
  return index === -1 ? undefined : heads.splice(index, 1)[0];
}

async function advance(heads: Head[], file: FileName, rest: AsyncGenerator<StoredFlush, void>): Promise<void> {
  const { value, done } = await rest.next();
  if (!done) heads.push({ file, flush: value, rest });
}
