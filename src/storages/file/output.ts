import { type FileHandle, lstat, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StorageFailure } from '../../common/storage-failure';
import { attempt, isMissing } from './problem';
import { syncPath } from './sync';

/** A file that is being written. A flush is written completely or not at all, one flush at a time. */
export class OutputFile {
  /** Bytes of all whole flushes. */
  size = 0;
  private usable = true;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly inode: number,
  ) {}

  /** Makes the file, which must not be there yet. With `sync`, it is still there after a power failure. */
  static create(path: string, sync: boolean): Promise<OutputFile> {
    return attempt('create', path, async () => {
      const handle = await open(path, 'ax');
      const file = new OutputFile(path, handle, (await handle.stat()).ino);
      try {
        if (sync) await syncPath(dirname(path));
        return file;
      } catch (error) {
        await file.close(false);
        throw error;
      }
    });
  }

  /**
   * Appends the bytes of one flush, all or nothing.
   *
   * @param grant called before the file is made larger, with the size it will have
   * @throws StorageFailure if they could not be written, or not before the signal; whatever `grant` throws
   */
  append(
    pieces: Iterable<Buffer>,
    sync: boolean,
    signal: AbortSignal,
    grant: (size: number) => Promise<void> = async () => {},
  ): Promise<void> {
    return attempt('write', this.path, async () => {
      try {
        const size = await this.writeAll(pieces, signal, grant);
        if (sync) await this.handle.datasync();
        await this.check(size);
        // the attempt is repeated, and the flush must not be stored twice
        if (signal.aborted) throw tooLate(this.path);
        this.size = size;
      } catch (error) {
        await this.takeBack();
        throw error;
      }
    });
  }

  private async writeAll(
    pieces: Iterable<Buffer>,
    signal: AbortSignal,
    grant: (size: number) => Promise<void>,
  ): Promise<number> {
    let size = this.size;
    for (const piece of pieces) {
      await grant(size + piece.length);
      for (let written = 0; written < piece.length; ) {
        if (signal.aborted) throw tooLate(this.path);
        written += (await this.handle.write(piece, written)).bytesWritten;
      }
      size += piece.length;
    }
    return size;
  }

  /** Checks the file's size: if another process has written to or truncated this file, the flush may be lost. */
  private async check(size: number): Promise<void> {
    const { ino, size: actual } = await this.handle.stat();
    if (ino === this.inode && actual === size) return;
    this.usable = false;
    throw new StorageFailure(
      `FileStorage could not write ${this.path}: it has ${actual} bytes instead of ${size}, because another program changed it. FileStorage begins another file.`,
      { retryable: true },
    );
  }

  /** Truncates the part of a failed flush. If that fails too, readers skip the part: its last line is missing. */
  private async takeBack(): Promise<void> {
    if (!this.usable) return;
    try {
      if (await this.isOurs()) await this.handle.truncate(this.size);
      else this.usable = false;
    } catch {
      this.usable = false;
    }
  }

  /** Whether the path still leads to this file, unchanged since the last write, and the handle is still open on it. */
  async isInPlace(): Promise<boolean> {
    try {
      const [byName, byHandle] = await Promise.all([lstat(this.path), this.handle.stat()]);
      return this.usable && byName.ino === this.inode && byHandle.ino === this.inode && byHandle.size === this.size;
    } catch (error) {
      if (isMissing(error) || isLost(error)) return false;
      throw error;
    }
  }

  /** A file without a flush is removed. */
  close(sync: boolean): Promise<void> {
    return attempt('close', this.path, async () => {
      try {
        if (sync && this.usable) await this.handle.sync();
      } finally {
        await this.discard();
      }
      if (this.size === 0) await rm(this.path, { force: true });
    });
  }

  /** Closes a file that is no longer in place. */
  async discard(): Promise<void> {
    this.usable = false;
    if (await this.isOurs()) await this.handle.close();
    else LOST.push(this.handle);
  }

  private async isOurs(): Promise<boolean> {
    try {
      return (await this.handle.stat()).ino === this.inode;
    } catch {
      return false;
    }
  }
}

/**
 * Handles whose descriptors other code of the process has closed. The numbers may meanwhile belong to other files, so
 * these handles are never closed; they stay referenced here, since the garbage collector would close them.
 */
const LOST: FileHandle[] = [];

/** The descriptor is closed. */
function isLost(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EBADF';
}

function tooLate(path: string): StorageFailure {
  return new StorageFailure(
    `FileStorage could not write ${path} within the timeout. The disk is slow, or the timeout too short.`,
    { retryable: true },
  );
}
