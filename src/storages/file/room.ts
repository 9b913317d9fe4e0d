import type { Look, WriterDirectory } from './writer-directory';

export interface RoomOptions {
  /** Most bytes of all files. */
  maxBytes: number;
  /** Most bytes of one file, unless a single flush is larger. */
  maxFileBytes: number;
  /** Milliseconds after its last write that a file is kept. */
  maxAge: number;
}

/** What a writer writes to: its file of metrics, and one that is being compressed. */
type Purpose = 'file' | 'temporary';

interface Granted {
  bytes: number;
  /** How many files have been released. */
  generation: number;
}

/**
 * Keeps all files of a directory within `maxBytes`: a writer calls `grant` before it writes, and `trim` removes the
 * oldest files that nobody writes to. Bytes are granted in steps; the current file of another live writer is counted up
 * to two steps larger than it is, so that two concurrent grants cannot exceed the bound. A writer that is alone
 * lists the directory again only after it has used half of the bytes that were free below `maxBytes / 2`.
 */
export class Room {
  /** Aborts the running compression, and resolves when its temporary file has been removed. */
  interrupt: (() => Promise<void>) | undefined;
  private readonly granted: Record<Purpose, Granted> = {
    file: { bytes: 0, generation: 0 },
    temporary: { bytes: 0, generation: 0 },
  };
  private readonly step: number;
  /** Bytes that may be granted before the directory is listed again. */
  private credit = 0;

  constructor(
    private readonly directory: WriterDirectory,
    private readonly options: RoomOptions,
  ) {
    this.step = Math.max(options.maxFileBytes >> 4, 64);
  }

  /** @returns whether a file may have so many bytes */
  async grant(purpose: Purpose, bytes: number): Promise<boolean> {
    const { step } = this;
    const granted = this.granted[purpose];
    if (bytes <= granted.bytes) return true;
    const before = granted.bytes;
    granted.bytes = Math.ceil(bytes / step) * step;
    this.credit -= granted.bytes - before;
    if (this.credit >= 0) return true;
    if (await this.trim()) return true;
    if (purpose === 'file' && this.interrupt !== undefined) {
      await this.interrupt();
      if (await this.trim()) return true;
    }
    granted.bytes = before;
    return false;
  }

  release(purpose: Purpose): void {
    const granted = this.granted[purpose];
    granted.bytes = 0;
    granted.generation++;
  }

  /** Removes files that are too old, then the oldest until all fit into `maxBytes`. @returns whether they fit */
  async trim(): Promise<boolean> {
    const { directory } = this;
    const { maxAge, maxBytes } = this.options;
    const before = { file: { ...this.granted.file }, temporary: { ...this.granted.temporary } };
    const found = await directory.look();
    const reserved = most(before.file, this.granted.file) + most(before.temporary, this.granted.temporary);
    const kept = directory.clock.now() - maxAge;
    let bytes = reserved + this.bytesOf(found);
    for (const file of found.files) {
      if (!found.free.has(file.name)) continue;
      if (bytes <= maxBytes && file.written >= kept) continue;
      await directory.remove(file.name);
      bytes -= file.size;
    }
    this.credit = found.isAlone ? Math.max(maxBytes / 2 - bytes, 0) / 2 : 0;
    return bytes <= maxBytes;
  }

  /** Bytes of all files except those that this writer is writing to. */
  private bytesOf({ files, others, free }: Look): number {
    const { directory, step } = this;
    let bytes = 0;
    for (const { name, size } of others) if (!name.endsWith(`.${directory.writer}.tmp`)) bytes += size;
    const written = new Map<string, number>();
    for (const file of files) {
      const isFree = free.has(file.name);
      if (directory.isOwn(file) && !isFree) continue;
      bytes += file.size;
      // keeps the value of each writer's last file
      if (!isFree) written.set(file.writer, (2 - (file.size % step) / step) * step);
    }
    for (const more of written.values()) bytes += more;
    return bytes;
  }
}

/** If a file was released while the directory was listed, the listing may lack it: both grants are counted then. */
function most(before: Granted, after: Granted): number {
  return before.generation === after.generation ? Math.max(before.bytes, after.bytes) : before.bytes + after.bytes;
}
