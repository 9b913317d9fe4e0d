import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { FORMAT_VERSION, seal } from './format';
import { parseFlush, readGroups } from './groups';

/** More than the longest last line of a flush takes. */
const TAIL = 512;
const NEWLINE = 10;

/**
 * Cuts off what stands behind the last whole flush of a file whose writer is dead; a file without any is removed. Doing
 * it twice, or two at once, does no harm. A file of another version of the format is left as it is.
 */
export async function repair(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    const { size } = await handle.stat();
    if ((await isOfOtherVersion(handle)) || (await endsWhole(handle, size))) return;
    const end = await endOfLastFlush(path);
    if (end > 0) await handle.truncate(end);
    else await rm(path, { force: true });
  } finally {
    await handle.close();
  }
}

async function isOfOtherVersion(handle: FileHandle): Promise<boolean> {
  const [, version] = /^\{"ringmeter":(\d+)\D/.exec((await read(handle, 0, TAIL)).toString('latin1')) ?? [];
  return version !== undefined && Number(version) !== FORMAT_VERSION;
}

/** Whether nothing stands behind the last flush, and that is whole. Reads no more than that flush. */
async function endsWhole(handle: FileHandle, size: number): Promise<boolean> {
  const tail = await read(handle, Math.max(size - TAIL, 0), size);
  if (tail.at(-1) !== NEWLINE) return false;
  const line = tail.subarray(tail.lastIndexOf(NEWLINE, -2) + 1);
  const flush = parseFlush(line);
  if (flush === undefined) return false;
  const end = size - line.length;
  return end >= flush.bytes && seal(crc32(await read(handle, end - flush.bytes, end)), flush) === flush.crc32;
}

async function read(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
  return buffer.subarray(0, bytesRead);
}

async function endOfLastFlush(path: string): Promise<number> {
  let end = 0;
  for await (const group of readGroups(createReadStream(path, { highWaterMark: 2 ** 20 })))
    if (group.whole) end = group.end;
  return end;
}
