import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, isAbsolute, join } from 'node:path';

/** Set where a missing engine is a failure and no reason to skip. */
export const REQUIRED = process.env.RINGMETER_REQUIRE_ENGINES === '1';

/** Debian's packages, by the programs that are looked for. */
const PACKAGES: Record<string, string> = { promtool: 'prometheus' };

/** A program's path; undefined if the machine does not have it. */
function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * The options of a test that needs a program: skipped, visibly, where it is missing. With RINGMETER_REQUIRE_ENGINES=1
 * the test runs and fails.
 */
export function needs(name: string): { skip: string | false } {
  const skip = findProgram(name) === undefined && !REQUIRED;
  return { skip: skip && `${name} is not installed (Debian's package "${PACKAGES[name] ?? name}" has it)` };
}

/** A program's path. Throws if there is none. */
export function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed, and RINGMETER_REQUIRE_ENGINES=1 says it must be`);
  return path;
}

export interface Verdict {
  /** 0 = fine, 3 = the linter complains, 1 = it cannot be read. */
  code: number;
  output: string;
}

/** `promtool check metrics` on an exposition. */
export function promtoolCheck(body: Uint8Array): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const child = execFile(program('promtool'), ['check', 'metrics'], { timeout: 20_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, output: stdout + stderr });
      else reject(error);
    });
    child.stdin!.on('error', () => {});
    child.stdin!.end(body);
  });
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until something holds; errors on the way count as not yet, the last one is told when the time is over. */
export async function poll(what: string, holds: () => Promise<boolean>, deadline = 60_000): Promise<void> {
  const end = Date.now() + deadline;
  let last: unknown;
  for (;;) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not within ${deadline} ms: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
