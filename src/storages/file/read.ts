import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredFlush, Wanted } from './decode';
import { type FileName, sortNames } from './names';
import { attempt, isMissing } from './problem';
import type { FileReader } from './read-file';

/** A file's modification time may lag behind the flush by this much: filesystem clocks tick every 4 ms to 2 s. */
const CLOCK_STEP_MS = 2_000;

/** The flush of a file that comes next. */
interface Head {
  file: FileName;
  flush: StoredFlush;
  rest: AsyncGenerator<StoredFlush, void>;
}

/**
 * The flushes of all files in a directory, sorted by time. A file is opened when its first flush is due, so no more are
 * open at once than were written concurrently.
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
  /** In the order of the files, which also orders flushes of equal time. */
  const heads: Head[] = [];
  const isRepeated = repetitions();
  try {
    for (;;) {
      while (waiting.length > 0 && !(waiting[0].created > earliest(heads)))
        await begin(heads, waiting.shift()!, readerOf);
      const time = earliest(heads);
      const head = heads.find(({ flush }) => flush.timestamp === time);
      if (head === undefined) return;
      if (!isRepeated(head)) yield head.flush;
      await advance(heads, head);
    }
  } finally {
    for (const { rest } of heads) await rest.return();
  }
}

/** Detects duplicates: flushes that a worker stored just before it died, and that its successor stored again. */
function repetitions(): (head: Head) => boolean {
  const last = new Map<string, { writer: string; timestamp: number }>();
  return ({ file: { writer }, flush: { source, timestamp } }) => {
    const before = last.get(source);
    last.set(source, { writer, timestamp });
    return before !== undefined && before.writer !== writer && before.timestamp === timestamp;
  };
}

async function filesOf(directory: string, { from, to }: Wanted): Promise<FileName[]> {
  const { files } = sortNames(await attempt('read', directory, () => namesOf(directory)));
  const wanted: FileName[] = [];
  for (const file of files)
    if (
      file.created <= to &&
      (from === Number.NEGATIVE_INFINITY || (await lastWrite(directory, file)) >= from - CLOCK_STEP_MS)
    )
      wanted.push(file);
  return wanted;
}

/** Lists twice: if a file is renamed during one listing of a large directory, that listing may contain neither name. */
async function namesOf(directory: string): Promise<string[]> {
  return [...new Set([...(await readdir(directory)), ...(await readdir(directory))])];
}

/** An upper bound of the times of a file's flushes; none is known for a file that is just being compressed. */
async function lastWrite(directory: string, { name }: FileName): Promise<number> {
  try {
    return (await lstat(join(directory, name))).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

function earliest(heads: readonly Head[]): number {
  return heads.reduce((least, { flush }) => Math.min(least, flush.timestamp), Number.POSITIVE_INFINITY);
}

async function begin(heads: Head[], file: FileName, readerOf: (file: FileName) => FileReader): Promise<void> {
  const rest = readerOf(file).flushes();
  const { value, done } = await rest.next();
  if (!done) heads.push({ file, flush: value, rest });
}

async function advance(heads: Head[], head: Head): Promise<void> {
  const { value, done } = await head.rest.next();
  if (done) heads.splice(heads.indexOf(head), 1);
  else head.flush = value;
}
