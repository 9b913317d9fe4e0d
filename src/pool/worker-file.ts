import { extname, join } from 'node:path';
import { checkOwnFile } from '../common/own-file';
import { keptArguments, keptOptions, loadsPackages } from './node-options';

/** The entry file of one of the library's own threads. */
export function workerFile(name: 'flush' | 'storage'): string {
  return join(__dirname, '..', '..', 'workers', `${name}${extname(__filename)}`);
}

/** @throws RingmeterError RINGMETER_WORKER_FAILED if that file cannot be read */
export function checkWorkerFile(name: 'flush' | 'storage'): void {
  checkOwnFile(workerFile(name));
}

/** Options with which node starts a thread. */
export interface Start {
  execArgv: string[];
  env: NodeJS.ProcessEnv;
}

/**
 * For threads that run only the library's code. The user's preloads must not run there: an agent would instrument them,
 * and a collector made by a preload would start workers recursively. Yarn's `.pnp.cjs`, by which packages load, must.
 */
export function cleanStart(): Start {
  return start((preload) => loadsPackages(preload));
}

/**
 * For threads that load a module of the user's, which may need any preload, such as a TypeScript compiler or a module
 * hook. A collector that a preload makes there starts no thread (`own-thread.ts`).
 */
export function startForModules(): Start {
  const { execArgv, env } = start(() => true);
  return { execArgv: [...execArgv, ...tsNode()], env };
}

function start(keepsPreload: (preload: string) => boolean): Start {
  const { NODE_OPTIONS = '' } = process.env;
  return {
    execArgv: keptArguments(process.execArgv, keepsPreload),
    env: { ...process.env, NODE_OPTIONS: keptOptions(NODE_OPTIONS, keepsPreload) },
  };
}

/** Options to preload ts-node: the command `ts-node` preloads itself without node's options. */
function tsNode(): string[] {
  const instance = Reflect.get(process, Symbol.for('ts-node.register.instance')) as
    | { options?: { transpileOnly?: boolean } }
    | undefined;
  if (instance === undefined) return [];
  try {
    const file = instance.options?.transpileOnly ? 'ts-node/register/transpile-only' : 'ts-node/register';
    return ['--require', require.resolve(file, { paths: [process.cwd(), ...(require.main?.paths ?? [])] })];
  } catch {
    // ts-node is not installed where the program is: the user has to preload it
    return [];
  }
}
