import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join(__dirname, '..', '..', '.cache');

/**
 * Another version of Node, from the npm package `node`, in a folder of the suite's own. It must not be a dependency of the
 * project: its executable would take the place of the user's in every npm script.
 */
export function installNode(
  major: number,
  print: (line: string) => void,
): { node: string; nodeVersion: string } | { failed: string } {
  const prefix = join(CACHE, `node-${major}`);
  const node = join(prefix, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  try {
    if (!existsSync(node)) {
      print(`Installing node@${major} into ${prefix}: a contender needs it.`);
      mkdirSync(prefix, { recursive: true });
      const npm = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', prefix, `node@${major}`];
      execFileSync('npm', npm, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 180_000 });
    }
    const version = execFileSync(node, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return { node, nodeVersion: version.trim().slice(1) };
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { failed: reason };
  }
}
