import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { StorageFailure } from '../failure';
import { isAlive, SILENCE_MS } from './lock';
import { type FileName, type Listing, lockName, sortNames } from './names';
import { attempt, fileFailure, isMissing } from './problem';
import { repair } from './repair';
import { syncPath } from './sync';

export interface HousekeepingOptions {
  directory: string;
  /** Most bytes of all files, without the one that the writer itself writes to. */
  maxOtherBytes: number;
  /** Milliseconds after its last write that a file is kept. */
  maxAge: number;
  gzip: boolean;
  /** Whether what is compressed is on the disk before the original is removed. */
  sync: boolean;
  /** Told what could not be done to one file; the others are seen to all the same. */
  onProblem: (problem: StorageFailure) => void;
}

interface FoundFile extends FileName {
  size: number;
  /** Wall-clock milliseconds. */
  written: number;
}

/**
 * Repairs, compresses and removes files that nobody writes to: those of dead writers and the writer's own closed ones.
 * A file of another writer that lives is never touched. Several writers may do this at once.
 */
export class Housekeeping {
  /** Files of the dead that have been looked through. */
  private readonly repaired = new Set<string>();

  constructor(private readonly options: HousekeepingOptions) {}

  /** Repairs what dead writers have left, and removes their locks. */
  async repair(): Promise<void> {
    const { directory } = this.options;
    const { listing, files, dead } = await this.look();
    for (const { name, stem, gzipped, writer } of files) {
      if (gzipped || !dead.has(writer) || this.repaired.has(stem)) continue;
      await this.unlessMissing('repair', name, () => repair(join(directory, name)));
      this.repaired.add(stem);
    }
    for (const { name, writer } of listing.superseded) if (dead.has(writer)) await this.remove(name);
    for (const writer of dead) if (listing.locked.has(writer)) await this.remove(lockName(writer));
    for (const name of listing.temporary) await this.removeOld(name);
  }

  /** Compresses and removes. The writer itself writes to its file number `sequence`, or to a later one by now. */
  async tidy(writer: string, sequence: number, signal: AbortSignal): Promise<void> {
    await this.repair();
    if (this.options.gzip)
      for (const file of (await this.others(writer, sequence)).free)
        if (!file.gzipped && this.isFinished(file, writer))
          await this.unlessMissing('compress', file.name, () => this.compress(file, writer, signal));
    const { files, free } = await this.others(writer, sequence);
    await this.retain(files, free);
  }

  /** Whether nothing half stands in it. Who died since the last repair may have left half a flush: it waits for the next. */
  private isFinished({ writer: author, stem }: FoundFile, writer: string): boolean {
    return author === writer || this.repaired.has(stem);
  }

  /** All files but those that the writer writes to; and which of them are nobody's. */
  private async others(writer: string, sequence: number): Promise<{ files: FoundFile[]; free: FoundFile[] }> {
    const { files, dead } = await this.look();
    const others = files.filter((file) => file.writer !== writer || file.sequence < sequence);
    return { files: others, free: others.filter((file) => file.writer === writer || dead.has(file.writer)) };
  }

  private async look(): Promise<{ listing: Listing; files: FoundFile[]; dead: Set<string> }> {
    const { directory } = this.options;
    const listing = sortNames(await attempt('read', directory, () => namesIn(directory)));
    const files = await this.find(listing);
    return { listing, files, dead: await this.deadWriters(listing, files) };
  }

  private async find({ files }: Listing): Promise<FoundFile[]> {
    const found: FoundFile[] = [];
    for (const file of files)
      await this.unlessMissing('read', file.name, async () => {
        const { size, mtimeMs } = await stat(join(this.options.directory, file.name));
        found.push({ ...file, size, written: mtimeMs });
      });
    return found;
  }

  private async deadWriters({ locked }: Listing, files: readonly FoundFile[]): Promise<Set<string>> {
    const written = new Map([...locked].map((writer) => [writer, 0]));
    for (const file of files) written.set(file.writer, Math.max(written.get(file.writer) ?? 0, file.written));
    const dead = new Set<string>();
    for (const [writer, lastWrite] of written)
      if (!locked.has(writer) || !(await isAlive(this.options.directory, writer, lastWrite))) dead.add(writer);
    return dead;
  }

  /** Under a temporary name first, so that whoever finds it compressed finds all of it. */
  private async compress({ name, stem, written }: FoundFile, writer: string, signal: AbortSignal): Promise<void> {
    const path = join(this.options.directory, stem);
    const temporary = `${path}.${writer}.tmp`;
    try {
      const target = createWriteStream(temporary, { flags: 'wx' });
      await pipeline(createReadStream(join(this.options.directory, name)), createGzip(), target, { signal });
      // its age is that of what is in it
      await utimes(temporary, new Date(), new Date(written));
      if (this.options.sync) await syncPath(temporary);
      await rename(temporary, `${path}.gz`);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await this.remove(name);
  }

  private async retain(files: FoundFile[], free: FoundFile[]): Promise<void> {
    const { maxAge, maxOtherBytes } = this.options;
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { name, size, written } of free) {
      if (bytes <= maxOtherBytes && written >= Date.now() - maxAge) continue;
      await this.remove(name);
      bytes -= size;
    }
  }

  /** What a dead writer did not finish. Another machine's clock may differ, so an hour is waited. */
  private removeOld(name: string): Promise<void> {
    return this.unlessMissing('read', name, async () => {
      if (Date.now() - (await stat(join(this.options.directory, name))).mtimeMs > SILENCE_MS) await this.remove(name);
    });
  }

  private remove(name: string): Promise<void> {
    return this.unlessMissing('remove', name, () => rm(join(this.options.directory, name)));
  }

  /** Another writer may have done the same at the same time. */
  private async unlessMissing(what: string, name: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!isMissing(error)) this.options.onProblem(fileFailure(what, join(this.options.directory, name), error));
    }
  }
}

/** None, if the directory has been removed: the next flush makes it again. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
