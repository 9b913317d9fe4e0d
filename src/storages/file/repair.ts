import { constants } from 'node:fs';
import { type FileHandle, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { Budget } from '../../query/budget';
import { READING_LIMITS } from '../reading-limits';
import { FORMAT_VERSION, seal } from './format';
import { parseFlush, readGroups } from './groups';
import { openRegular } from './regular';

/** More than the longest last line of a flush takes. */
const TAIL = 512;
const CHUNK = 2 ** 20;
const NEWLINE = 10;

/**
 * Truncates a dead writer's file after its last complete flush; removes a file without any. Idempotent, and safe if two
 * writers do it concurrently. A file of another format version is left unchanged.
 *
 * @throws the signal's reason, if it is aborted before the file has been read
 */
export async function repair(path: string, signal?: AbortSignal): Promise<void> {
  const handle = await openRegular(path, constants.O_RDWR);
  if (handle === undefined) return;
  try {
    const { size } = await handle.stat();
    if ((await isOfOtherVersion(handle)) || (await endsWhole(handle, size, signal))) return;
    const end = await endOfLastFlush(handle, size, signal);
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

/** Whether the file ends with a whole flush. Reads no more than that flush. */
async function endsWhole(handle: FileHandle, size: number, signal: AbortSignal | undefined): Promise<boolean> {
  const tail = await read(handle, Math.max(size - TAIL, 0), size);
  if (tail.at(-1) !== NEWLINE) return false;
  const line = tail.subarray(tail.lastIndexOf(NEWLINE, -2) + 1);
  const flush = parseFlush(line);
  if (flush === undefined) return false;
  const end = size - line.length;
  if (!(end >= flush.bytes)) return false;
  let checksum = 0;
  for await (const chunk of chunksOf(handle, end - flush.bytes, end, signal)) checksum = crc32(chunk, checksum);
  return seal(checksum, flush) === flush.crc32;
}

async function endOfLastFlush(handle: FileHandle, size: number, signal: AbortSignal | undefined): Promise<number> {
  let end = 0;
  // nothing is kept of the lines, of which there may be millions
  const budget = new Budget(READING_LIMITS, signal);
  for await (const group of readGroups(chunksOf(handle, 0, size, signal), undefined, budget))
    if (group.whole) end = group.end;
  return end;
}

async function* chunksOf(
  handle: FileHandle,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void> {
  while (start < end) {
    signal?.throwIfAborted();
    const chunk = await read(handle, start, Math.min(start + CHUNK, end));
    if (chunk.length === 0) return;
    start += chunk.length;
    yield chunk;
  }
}

async function read(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
  return buffer.subarray(0, bytesRead);
}
