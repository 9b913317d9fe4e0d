import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CACHE = join(tmpdir(), 'ringmeter-engines');
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** A program out of a package of another Debian release. */
export interface DebianProgram {
  path: string;
  /** The package's version, without what Debian adds. */
  version: string;
}

/**
 * Takes a program out of a package of a newer Debian release, without installing anything: with a configuration of
 * apt's own, into a folder below the machine's temporary one, where it stays for the next time.
 *
 * @param suites the releases, the first that has it wins
 * @returns the program, or why it cannot be had
 */
export function fetchProgram(name: string, packageName: string, suites: readonly string[]): DebianProgram | string {
  const reasons: string[] = [];
  for (const suite of suites)
    try {
      return cached(name, packageName, suite) ?? download(name, packageName, suite);
    } catch (error) {
      reasons.push(
        `${suite}: ${String((error as Error).message)
          .trim()
          .split('\n')
          .at(-1)}`,
      );
    }
  return `${packageName} cannot be had from Debian (${reasons.join('; ')})`;
}

function cached(name: string, packageName: string, suite: string): DebianProgram | undefined {
  const folder = join(CACHE, suite);
  const found = existsSync(folder) && readdirSync(folder).find((entry) => entry.startsWith(`${packageName}_`));
  if (!found) return undefined;
  return { path: join(folder, found, name), version: found.slice(packageName.length + 1).split(/[+_-]/)[0] };
}

function download(name: string, packageName: string, suite: string): DebianProgram {
  mkdirSync(join(CACHE, suite), { recursive: true });
  const scratch = mkdtempSync(join(CACHE, 'download-'));
  try {
    const apt = privateApt(scratch, suite);
    apt('update');
    apt('download', packageName);
    const deb = readdirSync(scratch).find((entry) => entry.endsWith('.deb'))!;
    run('dpkg-deb', ['-x', deb, 'content'], scratch);
    const result = join(scratch, 'result');
    mkdirSync(result);
    renameSync(join(scratch, 'content/usr/bin', name), join(result, name));
    publish(result, join(CACHE, suite, deb.replace(/\.deb$/, '')));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return cached(name, packageName, suite)!;
}

/** Another test may have been faster; then it has the same. */
function publish(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

/** `apt-get` with sources, lists and caches in a folder of its own. */
function privateApt(folder: string, suite: string): (...command: string[]) => void {
  const sources = join(folder, 'sources.list');
  writeFileSync(sources, `deb [signed-by=${KEYRING}] ${mirror()} ${suite} main\n`);
  writeFileSync(join(folder, 'status'), '');
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, part), { recursive: true });
  const settings = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'Acquire::http::Timeout': '20',
    'Acquire::Retries': '1',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  return (...command) => run('apt-get', [...options, ...command], folder);
}

/** Where this machine has its own packages from. */
function mirror(): string {
  const uris = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const found = uris.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  if (found === undefined) throw new Error('apt has no source of Debian packages');
  return found;
}

function run(program: string, args: readonly string[], cwd: string): void {
  execFileSync(program, args, { cwd, timeout: 90_000, stdio: ['ignore', 'ignore', 'pipe'] });
}
