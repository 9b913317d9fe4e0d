import { createWriteStream } from 'node:fs';
import { type FileHandle, lstat, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { SILENCE_MS } from './lock';
import { lockName } from './names';
import { openRegular } from './regular';
import { repair } from './repair';
import type { Room } from './room';
import { syncPath } from './sync';
import type { FoundFile, WriterDirectory } from './writer-directory';

/** Every byte that is written is compressed once. Level 6 takes twice the processor time for files 1 to 6 % smaller. */
const GZIP_LEVEL = 4;

export interface HousekeepingOptions {
  directory: WriterDirectory;
  room: Room;
  gzip: boolean;
  /** Whether to fsync the compressed file before the original is removed. */
  sync: boolean;
}

/**
 * Repairs, compresses and removes files that nobody writes to: those of dead writers and the writer's own closed ones.
 * Files of other live writers are never touched. Several writers may do this concurrently.
 */
export class Housekeeping {
  /** Files of dead writers that have been repaired. */
  private readonly repaired = new Set<string>();

  /** Settles when files have been repaired, or could not be, for the first time. */
  readonly repairedOnce: Promise<void>;
  private noteRepair = (): void => {};

  constructor(private readonly options: HousekeepingOptions) {
    this.repairedOnce = new Promise((resolve) => {
      this.noteRepair = resolve;
    });
  }

  /**
   * Removes before it compresses, so that no file is compressed just before its removal. Compresses one file at a time,
   * the youngest first, since those are kept longest, until none is left.
   */
  async tidy(signal: AbortSignal): Promise<void> {
    const { room } = this.options;
    try {
      await room.trim();
      await this.repair(signal);
    } finally {
      this.noteRepair();
    }
    const tried = new Set<string>();
    for (let due = await this.due(tried); due.length > 0; due = await this.due(tried))
      for (const file of due) {
        signal.throwIfAborted();
        tried.add(file.name);
        await this.compressUnlessInterrupted(file, signal);
      }
  }

  /** Repairs what dead writers have left, and removes their locks. */
  async repair(signal: AbortSignal): Promise<void> {
    const { directory } = this.options;
    const { listing, files, others, dead } = await directory.look();
    for (const { name, stem, gzipped, writer } of files) {
      if (gzipped || !dead.has(writer) || this.repaired.has(stem)) continue;
      await directory.unlessMissing('repair', name, () => repair(join(directory.path, name), signal));
      signal.throwIfAborted();
      this.repaired.add(stem);
    }
    const now = directory.clock.now();
    const superseded = new Map(listing.superseded.map(({ name, writer }) => [name, writer]));
    for (const { name, written } of others) {
      const writer = superseded.get(name);
      // another machine's clock may differ, so an hour is waited
      if (writer === undefined ? now - written > SILENCE_MS : dead.has(writer)) await directory.remove(name);
    }
    for (const writer of dead) if (listing.locked.has(writer)) await this.removeLock(lockName(writer));
  }

  /** The files that are to be compressed and have not been tried, youngest first. */
  private async due(tried: ReadonlySet<string>): Promise<FoundFile[]> {
    const { directory, gzip } = this.options;
    if (!gzip) return [];
    const { files, free } = await directory.look();
    return files
      .filter((file) => !file.gzipped && !tried.has(file.name))
      .filter((file) => free.has(file.name) && this.isFinished(file))
      .reverse();
  }

  /** False for a file whose writer died after the last repair: it may end in half a flush, and is repaired first. */
  private isFinished({ writer, stem }: FoundFile): boolean {
    return writer === this.options.directory.writer || this.repaired.has(stem);
  }

  private async compressUnlessInterrupted(file: FoundFile, signal: AbortSignal): Promise<void> {
    const { directory, room } = this.options;
    const interruption = new AbortController();
    const interrupt = (): void => interruption.abort();
    const either = AbortSignal.any([signal, interruption.signal]);
    const compressed = directory.unlessMissing('compress', file.name, async () => {
      await this.compress(file, either, interrupt).catch((error) => {
        if (!interruption.signal.aborted) throw error;
      });
    });
    room.interrupt = async () => {
      interrupt();
      await compressed;
    };
    await compressed;
    room.interrupt = undefined;
  }

  /** Writes to a temporary name and renames at the end: readers never see an incomplete compressed file. */
  private async compress(
    { name, stem, written }: FoundFile,
    signal: AbortSignal,
    interrupt: () => void,
  ): Promise<void> {
    const { directory, room, sync } = this.options;
    const path = join(directory.path, stem);
    const temporary = `${path}.${directory.writer}.tmp`;
    const source = await openRegular(join(directory.path, name));
    if (source === undefined) return;
    try {
      await this.zip(source, temporary, signal, interrupt);
      // the compressed file keeps the original's time of modification
      await utimes(temporary, new Date(), new Date(written));
      if (sync) await syncPath(temporary);
      // it may have been removed meanwhile to make room
      await lstat(join(directory.path, name));
      await rename(temporary, `${path}.gz`);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    } finally {
      await source.close();
      room.release('temporary');
    }
    await directory.remove(name);
  }

  private async zip(source: FileHandle, temporary: string, signal: AbortSignal, interrupt: () => void): Promise<void> {
    const { room } = this.options;
    const withRoom = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
      let bytes = 0;
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (!(await room.grant('temporary', bytes))) interrupt();
        yield chunk;
      }
    };
    const target = createWriteStream(temporary, { flags: 'wx' });
    await pipeline(source.createReadStream({ autoClose: false }), createGzip({ level: GZIP_LEVEL }), withRoom, target, {
      signal,
    });
  }

  private async removeLock(name: string): Promise<void> {
    const { directory } = this.options;
    const path = join(directory.path, name);
    await directory.unlessMissing('remove', name, async () => {
      const lock = await lstat(path);
      if (lock.isFile() || lock.isSocket()) await rm(path);
    });
  }
}
