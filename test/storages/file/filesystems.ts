import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { directoryFor } from './support';

/** Set where it is a failure, and no reason to skip, that this user may not do what a test needs. */
const REQUIRED = process.env.RINGMETER_REQUIRE_ENGINES === '1';

/** Runs a system's program. Returns whether it succeeded. */
export function system(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Options of a test that needs something of the system, which is tried in a directory. */
function needs(what: string, tried: (directory: string) => boolean): { skip: string | false } {
  if (REQUIRED) return { skip: false };
  const directory = mkdtempSync(join(tmpdir(), 'rm-'));
  try {
    return { skip: tried(directory) ? false : `this user cannot ${what} here` };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export const needsMount = needs(
  'mount a filesystem',
  (directory) => system('mount', '-t', 'tmpfs', 'none', directory) && system('umount', directory),
);

export const needsImmutable = needs(
  'make a directory immutable',
  (directory) => system('chattr', '+i', directory) && system('chattr', '-i', directory),
);

export const needsOtherUser = needs('become another one', () => process.getuid?.() === 0);

export const needsFreeze = needs(
  'freeze a filesystem',
  (directory) => mountImage(directory, `${directory}.img`) && unmountImage(directory, `${directory}.img`),
);

export const needsStrace = needs('trace system calls', () => system('strace', '-o', '/dev/null', 'true'));

export const needsProc = needs('see the files that are open', () => process.platform === 'linux');

/** A filesystem of a few kilobytes. */
export function smallFilesystem(t: Test, kilobytes: number): string {
  const directory = directoryFor(t);
  mkdirSync(directory);
  t.ok(system('mount', '-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'none', directory), 'a small filesystem');
  t.teardown(() => system('umount', '-l', directory));
  return directory;
}

/** A filesystem that can be frozen. It is thawed after the test. */
export function freezableFilesystem(t: Test): string {
  const directory = directoryFor(t);
  mkdirSync(directory);
  t.ok(mountImage(directory, `${directory}.img`), 'a filesystem that can be frozen');
  t.teardown(() => {
    system('fsfreeze', '-u', directory);
    unmountImage(directory, `${directory}.img`);
  });
  return directory;
}

function mountImage(directory: string, image: string): boolean {
  return (
    system('truncate', '-s', '8M', image) &&
    system('mkfs.ext4', '-q', image) &&
    system('mount', '-o', 'loop', image, directory)
  );
}

function unmountImage(directory: string, image: string): boolean {
  const done = system('umount', '-l', directory);
  rmSync(image, { force: true });
  return done;
}

/** Fills what is left of a filesystem. */
export function fill(path: string): void {
  for (const size of [4_096, 1]) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
