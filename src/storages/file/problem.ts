import { StorageFailure } from '../../common/storage-failure';

/** What a person can do about it, by error code of the system. */
const CURES = new Map(
  Object.entries({
    ENOSPC: 'Free some room on that filesystem, or lower maxBytes.',
    EDQUOT: 'Raise the quota of the user that the process runs as, or lower maxBytes.',
    EACCES: `Let the user that the process runs as${userId()} write to the directory.`,
    EPERM: `Let the user that the process runs as${userId()} write to the directory; it may be marked immutable.`,
    EROFS: 'The filesystem is mounted read-only: mount it read-write, or choose another directory.',
    ENOTDIR: 'Choose a directory: a part of this path is a file.',
    EEXIST: 'Choose a directory: this path is a file.',
    ENOENT: 'The directory is gone or cannot be made there.',
    EMFILE: 'The process has too many files open: raise its limit (ulimit -n).',
    ENFILE: 'The system has too many files open.',
    EFBIG: 'Lower maxFileBytes: the process or the filesystem does not allow files of that size.',
    EIO: 'The disk, or the way to it, fails.',
  }),
);

function userId(): string {
  return process.getuid === undefined ? '' : ` (uid ${process.getuid()})`;
}

/** Says which path, what failed and what to do. All are retryable: no restart is needed once the cause is removed. */
export function fileFailure(what: string, path: string, error: unknown): StorageFailure {
  if (error instanceof StorageFailure) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reason = code === '' ? message : `${message.replace(`${code}: `, '').replace(/, .*/s, '')} (${code})`;
  const cure = CURES.get(code);
  return new StorageFailure(
    `FileStorage could not ${what} ${path}: ${reason}.${cure === undefined ? '' : ` ${cure}`}`,
    {
      retryable: true,
      cause: error,
    },
  );
}

/** Runs a file operation; its error becomes a StorageFailure. */
export async function attempt<T>(what: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw fileFailure(what, path, error);
  }
}

/** Whether something failed because a file or directory is not there (any more). */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
