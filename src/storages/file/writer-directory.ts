import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageFailure } from '../../common/storage-failure';
import { AgeClock } from './age-clock';
import { isAlive } from './lock';
import { type FileName, type Listing, sortNames } from './names';
import { attempt, fileFailure, isMissing } from './problem';

export interface FoundFile extends FileName {
  size: number;
  /** Wall-clock milliseconds. */
  written: number;
}

/** A listing of a directory. Other writers may change the directory at any time. */
export interface Look {
  listing: Listing;
  /** Regular files of metrics, oldest first. */
  files: FoundFile[];
  /** Regular files that are unfinished, or that also exist compressed. */
  others: { name: string; size: number; written: number }[];
  /** Writers that have ended. */
  dead: Set<string>;
  /** Names of the files that nobody writes to. */
  free: Set<string>;
  /** Whether no other writer lives. */
  isAlone: boolean;
}

/** Called with a failure that concerns one file; the other files are processed all the same. */
export type OnProblem = (problem: StorageFailure) => void;

type Found = Pick<FoundFile, 'size' | 'written'>;

/** The directory of one writer, and which files in it nobody writes to. */
export class WriterDirectory {
  /** The writer writes to its file of this number, and has closed all before. */
  writer = '';
  sequence = 0;
  /** The clock by which the ages of files are computed. */
  readonly clock = new AgeClock();
  /** Cached properties of files that no longer change: a directory may have very many small ones. */
  private final = new Map<string, Found>();

  constructor(
    readonly path: string,
    private readonly onProblem: OnProblem,
  ) {}

  /** @throws StorageFailure if the directory cannot be read; one that is not there is empty: the next flush makes it */
  async look(): Promise<Look> {
    const listing = sortNames(await attempt('read', this.path, () => namesIn(this.path)));
    const closed = new Set(listing.files.filter((file) => this.isClosed(file)).map(({ name }) => name));
    const files: FoundFile[] = [];
    const final = new Map<string, Found>();
    for (const file of listing.files) {
      const found = this.final.get(file.name) ?? (await this.find(file.name));
      if (found === undefined) continue;
      files.push({ ...file, ...found });
      if (file.gzipped || closed.has(file.name)) final.set(file.name, found);
    }
    this.final = final;
    const others: Look['others'] = [];
    for (const name of [...listing.temporary, ...listing.superseded.map((file) => file.name)]) {
      const found = await this.find(name);
      if (found !== undefined) others.push({ name, ...found });
    }
    const dead = await this.deadWriters(listing, files);
    const free = new Set(closed);
    for (const { name, writer } of files) if (dead.has(writer)) free.add(name);
    const isAlone = [...listing.locked].every((writer) => writer === this.writer || dead.has(writer));
    return { listing, files, others, dead, free, isAlone };
  }

  isOwn({ writer }: FileName): boolean {
    return writer === this.writer;
  }

  private isClosed(file: FileName): boolean {
    return this.isOwn(file) && file.sequence < this.sequence;
  }

  remove(name: string): Promise<void> {
    return this.unlessMissing('remove', name, () => rm(join(this.path, name)));
  }

  /** Runs `action` and ignores a missing file: another writer may have done the same concurrently. */
  async unlessMissing(what: string, name: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!isMissing(error)) this.onProblem(fileFailure(what, join(this.path, name), error));
    }
  }

  private async find(name: string): Promise<Found | undefined> {
    let found: Found | undefined;
    await this.unlessMissing('read', name, async () => {
      const stats = await lstat(join(this.path, name));
      // locks that are being made are sockets under a temporary name
      if (stats.isFile()) found = { size: stats.size, written: stats.mtimeMs };
      else if (!stats.isSocket() || !name.endsWith('.tmp'))
        throw new Error('it has the name of a metrics file, but is not a regular file; FileStorage does not touch it');
    });
    return found;
  }

  private async deadWriters({ locked }: Listing, files: readonly FoundFile[]): Promise<Set<string>> {
    const written = new Map([...locked].map((writer) => [writer, 0]));
    for (const file of files) written.set(file.writer, Math.max(written.get(file.writer) ?? 0, file.written));
    written.delete(this.writer);
    const dead = new Set<string>();
    for (const [writer, lastWrite] of written)
      if (!locked.has(writer) || !(await isAlive(this.path, writer, lastWrite, this.clock.now()))) dead.add(writer);
    return dead;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
