import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { compileFunction } from 'node:vm';

const BUILD = join(__dirname, '../../../dist/src');

/** The modules of the core that interleavings are explored of. */
export interface Core {
  arena: typeof import('../../../dist/src/arena/arena.js');
  catalog: typeof import('../../../dist/src/registry/catalog.js');
  drain: typeof import('../../../dist/src/drain/drain.js');
  family: typeof import('../../../dist/src/registry/family.js');
  fold: typeof import('../../../dist/src/kinds/fold.js');
  lifetimes: typeof import('../../../dist/src/lifecycle/lifetimes.js');
  lives: typeof import('../../../dist/src/arena/lives.js');
  merge: typeof import('../../../dist/src/lifecycle/merge.js');
  mutex: typeof import('../../../dist/src/atomics/mutex.js');
  overlap: typeof import('../../../dist/src/registry/overlap.js');
  recorder: typeof import('../../../dist/src/instruments/recorder.js');
  recycler: typeof import('../../../dist/src/lifecycle/recycler.js');
  register: typeof import('../../../dist/src/registry/register.js');
  sequenceLock: typeof import('../../../dist/src/atomics/sequence-lock.js');
  shard: typeof import('../../../dist/src/arena/shard.js');
  snapshot: typeof import('../../../dist/src/snapshot/snapshot.js');
}

function load(load: (path: string) => unknown): Core {
  const file = (path: string) => load(join(BUILD, `${path}.js`)) as never;
  return {
    arena: file('arena/arena'),
    catalog: file('registry/catalog'),
    drain: file('drain/drain'),
    family: file('registry/family'),
    fold: file('kinds/fold'),
    lifetimes: file('lifecycle/lifetimes'),
    lives: file('arena/lives'),
    merge: file('lifecycle/merge'),
    mutex: file('atomics/mutex'),
    overlap: file('registry/overlap'),
    recorder: file('instruments/recorder'),
    recycler: file('lifecycle/recycler'),
    register: file('registry/register'),
    sequenceLock: file('atomics/sequence-lock'),
    shard: file('arena/shard'),
    snapshot: file('snapshot/snapshot'),
  };
}

export const core = load(require);

/** A piece of the build's text, and what stands in its place in the mutant. */
export type Mutation = readonly [file: string, from: string, to: string];

/** The core with faults put back into it: shows that a test would see them. Its modules are another set than the core's. */
export function mutant(mutations: readonly Mutation[]): Core {
  const modules = new Map<string, { exports: object }>();
  const run = (path: string): object => {
    const known = modules.get(path);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(path, module);
    const { resolve } = createRequire(path);
    const find = (id: string): unknown => (id.startsWith('.') ? run(resolve(id)) : require(id));
    const text = mutated(path, mutations);
    compileFunction(text, ['exports', 'require', 'module'], { filename: path })(module.exports, find, module);
    return module.exports;
  };
  const code = load(run);
  for (const [file] of mutations)
    if (!modules.has(join(BUILD, file))) throw new Error(`no module of the core: ${file}`);
  return code;
}

function mutated(path: string, mutations: readonly Mutation[]): string {
  const of = mutations.filter(([file]) => file === relative(BUILD, path));
  return of.reduce(
    (text, [file, from, to]) => {
      if (text.split(from).length !== 2) throw new Error(`not once in ${file}: ${from}`);
      return text.replace(from, () => to);
    },
    readFileSync(path, 'utf8'),
  );
}
