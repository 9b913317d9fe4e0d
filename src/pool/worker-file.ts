import { extname, join } from 'node:path';
import { checkOwnFile } from '../common/own-file';
import { keptArguments, keptOptions, loadsPackages } from './node-options';

/** The file that a thread of the library's own is started with. */
export function workerFile(name: 'flush' | 'storage'): string {
  return join(__dirname, '..', '..', 'workers', `${name}${extname(__filename)}`);
}

/** @throws RingmeterError RINGMETER_WORKER_FAILED if that file cannot be read */
export function checkWorkerFile(name: 'flush' | 'storage'): void {
  checkOwnFile(workerFile(name));
}

/** How node is told to start a thread. */
export interface Start {
  execArgv: string[];
  env: NodeJS.ProcessEnv;
}

/**
 * For threads that run the library's code alone. A preload of the user's must not run there: an agent would watch them, and
 * a collector that it makes would start workers without end. What makes packages loadable, as Yarn's `.pnp.cjs`, must.
 */
export function cleanStart(): Start {
  return start((preload) => loadsPackages(preload));
}

/**
 * For threads that load a module of the user's, which may need any preload: a translator of TypeScript, a hook that finds
 * modules. A collector that a preload makes there starts no thread (`own-thread.ts`).
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

/** The command `ts-node` preloads itself by other means than node's options. */
function tsNode(): string[] {
  const instance = Reflect.get(process, Symbol.for('ts-node.register.instance')) as
    | { options?: { transpileOnly?: boolean } }
    | undefined;
  if (instance === undefined) return [];
  try {
    const file = instance.options?.transpileOnly ? 'ts-node/register/transpile-only' : 'ts-node/register';
    return ['--require', require.resolve(file, { paths: [process.cwd(), ...(require.main?.paths ?? [])] })];
  } catch {
    // it is not installed where the program is: the user has to preload it
    return [];
  }
}
