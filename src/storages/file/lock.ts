import { createHash, randomBytes } from 'node:crypto';
import { lstat, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { lockName } from './names';
import { isMissing } from './problem';

/** Longest path of a socket on the systems that allow least (macOS, 104 bytes with the end). */
const LONGEST_SOCKET_PATH = 103;
/** Milliseconds without a write after which a writer that cannot be asked counts as dead. */
export const SILENCE_MS = 3_600_000;

const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/**
 * Shows that a writer is alive: it listens on a Unix socket in the directory. The system closes the socket when the
 * thread or process ends, in whatever way; then nobody can connect any more. A process id would not do: it means
 * nothing in another container, and threads have none.
 *
 * Assumes: a writer's name is never reused. Guarantees: files of a writer found dead on this machine may be taken over.
 * A writer on another machine, or where sockets cannot be made (the path is too long, the filesystem has none), cannot be
 * asked: it counts as alive until it has written nothing for an hour.
 */
export class WriterLock {
  private constructor(
    readonly writer: string,
    private readonly path: string,
    private readonly inode: number,
    private readonly server: Server | undefined,
  ) {}

  static async take(directory: string): Promise<WriterLock> {
    const writer = HOST + randomBytes(4).toString('hex');
    const path = join(directory, lockName(writer));
    const temporary = `${path}.tmp`;
    const server = await listenOn(temporary);
    try {
      if (server === undefined) await writeFile(temporary, '', { flag: 'wx' });
      // renamed only after it listens: other writers would take a lock that does not answer for a dead writer's
      await rename(temporary, path);
      return new WriterLock(writer, path, (await lstat(path)).ino, server);
    } catch (error) {
      server?.close();
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** Whether the lock is still in the directory. Without it others will take the writer for dead. */
  async isHeld(): Promise<boolean> {
    try {
      return (await lstat(this.path)).ino === this.inode;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async release(): Promise<void> {
    this.server?.close();
    await rm(this.path, { force: true });
  }
}

/** @returns undefined if there can be no socket */
function listenOn(path: string): Promise<Server | undefined> {
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH || process.platform === 'win32') return Promise.resolve(undefined);
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    // exclusive: in a cluster the primary process would hold it instead
    server.listen({ path, exclusive: true }, () => {
      server.on('error', () => {});
      resolve(server.unref());
    });
  });
}

/**
 * Whether the writer of a lock that is in the directory lives.
 *
 * @param lastWrite when one of its files was written last, wall-clock milliseconds
 * @param now the present time on the same clock
 */
export async function isAlive(directory: string, writer: string, lastWrite: number, now: number): Promise<boolean> {
  const path = join(directory, lockName(writer));
  try {
    const lock = await lstat(path);
    const answer = writer.startsWith(HOST) && lock.isSocket() ? await answers(path) : undefined;
    return answer ?? now - Math.max(lastWrite, lock.mtimeMs) < SILENCE_MS;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** @returns undefined if connecting to the socket is not permitted */
function answers(path: string): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'ECONNREFUSED' || code === 'ENOENT' ? false : undefined),
    );
  });
}
