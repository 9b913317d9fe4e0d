import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';

/** Opening a FIFO does not wait for its other end; the target of a symbolic link is never opened. Windows has neither. */
const SAFELY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a regular file. Anyone may have put something else under the name of a data file.
 *
 * @returns undefined if it is something else: a FIFO, socket, device, directory or symbolic link
 */
export async function openRegular(path: string, access: number = constants.O_RDONLY): Promise<FileHandle | undefined> {
  // checked by name before it is opened: opening a device may have side effects
  if (!(await lstat(path)).isFile()) return undefined;
  const handle = await openSafely(path, access | SAFELY);
  if (handle === undefined || (await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

async function openSafely(path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags);
  } catch (error) {
    // replaced since the lstat: ELOOP by a symbolic link, ENXIO by a socket, EISDIR by a directory
    if (['ELOOP', 'ENXIO', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
