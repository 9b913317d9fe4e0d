import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

const BUILD = join(__dirname, '../../../dist/src');

/** The modules of the core that interleavings are explored of. */
export interface Core {
  arena: typeof import('../../../dist/src/arena/arena.js');
  catalog: typeof import('../../../dist/src/aggregate/catalog.js');
  drain: typeof import('../../../dist/src/aggregate/drain.js');
  fold: typeof import('../../../dist/src/kinds/fold.js');
  lifetimes: typeof import('../../../dist/src/aggregate/lifetimes.js');
  lives: typeof import('../../../dist/src/arena/lives.js');
  merge: typeof import('../../../dist/src/aggregate/merge.js');
  mutex: typeof import('../../../dist/src/atomics/mutex.js');
  overlap: typeof import('../../../dist/src/aggregate/overlap.js');
  recorder: typeof import('../../../dist/src/instruments/recorder.js');
  recycler: typeof import('../../../dist/src/aggregate/recycler.js');
  register: typeof import('../../../dist/src/aggregate/register.js');
  sequenceLock: typeof import('../../../dist/src/atomics/sequence-lock.js');
  shard: typeof import('../../../dist/src/arena/shard.js');
  snapshot: typeof import('../../../dist/src/aggregate/snapshot.js');
}

function load(folder: string): Core {
  const file = (path: string) => require(join(folder, `${path}.js`));
  return {
    arena: file('arena/arena'),
    catalog: file('aggregate/catalog'),
    drain: file('aggregate/drain'),
    fold: file('kinds/fold'),
    lifetimes: file('aggregate/lifetimes'),
    lives: file('arena/lives'),
    merge: file('aggregate/merge'),
    mutex: file('atomics/mutex'),
    overlap: file('aggregate/overlap'),
    recorder: file('instruments/recorder'),
    recycler: file('aggregate/recycler'),
    register: file('aggregate/register'),
    sequenceLock: file('atomics/sequence-lock'),
    shard: file('arena/shard'),
    snapshot: file('aggregate/snapshot'),
  };
}

export const core = load(BUILD);

/** A piece of the build's text, and what stands in its place in the mutant. */
export type Mutation = readonly [file: string, from: string, to: string];

/** The core with faults put back into it: shows that a test would see them. */
export function mutant(t: Test, mutations: readonly Mutation[]): Core {
  const folder = mkdtempSync(join(tmpdir(), 'ringmeter-mutant-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(BUILD, join(folder, 'src'), { recursive: true });
  symlinkSync(join(BUILD, '../../node_modules'), join(folder, 'node_modules'));
  for (const [file, from, to] of mutations) {
    const path = join(folder, 'src', file);
    const text = readFileSync(path, 'utf8');
    if (text.split(from).length !== 2) throw new Error(`not once in ${file}: ${from}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }
  return load(join(folder, 'src'));
}
