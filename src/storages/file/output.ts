import { type FileHandle, lstat, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StorageFailure } from '../../common/storage-failure';
import { attempt, isMissing } from './problem';
import { syncPath } from './sync';

/** A file that is being written. Either a flush is in it as a whole, or nothing of it. One flush at a time. */
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
        // it will come again, and must not be there twice
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

  /** Nobody else writes to this file; but if someone did all the same, what was written may be nowhere. */
  private async check(size: number): Promise<void> {
    const { ino, size: actual } = await this.handle.stat();
    if (ino === this.inode && actual === size) return;
    this.usable = false;
    throw new StorageFailure(
      `FileStorage could not write ${this.path}: it has ${actual} bytes instead of ${size}, something else changed it. Another file is begun.`,
      { retryable: true },
    );
  }

  /** Removes what there is of a flush that failed. Readers do not mind if that fails too: its last line is missing. */
  private async takeBack(): Promise<void> {
    if (!this.usable) return;
    try {
      if (await this.isOurs()) await this.handle.truncate(this.size);
      else this.usable = false;
    } catch {
      this.usable = false;
    }
  }

  /** Whether the file is found where it was made, as it was left, and the handle is still one of this file. */
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

  /** Lets go of a file that is not in place any more. */
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
 * Handles whose descriptors something else in the process closed. The numbers may be those of other files by now: to
 * close them is not for us, nor for the garbage collector, which closes what it finds unreferenced.
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
