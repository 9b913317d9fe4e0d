import { createRequire } from 'node:module';
import { isAbsolute, join, parse } from 'node:path';
import { RingmeterError, shown } from '../../common/errors';
import { checkInteger, checkOptions } from '../../common/options-check';
import { checkDelivery, DELIVERY_OPTIONS } from '../../delivery/delivery-options';
import type { DeliveryOptions } from '../../delivery/types';
import { DescribedStorage } from '../described';

/** A storage written by the user. The module must export a `StorageModule`. */
export interface ModuleStorage extends DeliveryOptions {
  /** Absolute path of the module, path from the working directory that begins with a point, or name of a package. */
  readonly module: string;
  /** Passed to the module; must be something that `postMessage` can clone. */
  readonly options?: unknown;
  /** Bytes that its thread may take, for objects, and once more for buffers; beyond, it is replaced. Default 128 MiB. */
  readonly maxMemory?: number;
}

/** A storage whose backend is a module of the user's. Its code runs in a thread of its own. */
export class ForeignStorage extends DescribedStorage {
  /** @throws RingmeterError RINGMETER_INVALID_OPTION */
  constructor(options: ModuleStorage) {
    const given = checkOptions('storage', options, ['module', 'options', 'maxMemory', ...DELIVERY_OPTIONS]);
    const module = resolveModule(given.module);
    const kind = kindOf(given.module, module);
    const maxMemory = checkInteger(`maxMemory of ${kind}`, given.maxMemory, 128 * 2 ** 20, 2 ** 24, 2 ** 32);
    const delivery = checkDelivery(kind, given);
    super({ kind, module, options: cloneOptions(given.options), delivery, foreign: { maxMemory } });
  }
}

function resolveModule(module: unknown): string {
  const fail = (why: string, cause?: unknown): never => {
    throw new RingmeterError('RINGMETER_INVALID_OPTION', `module of a storage ${why}, got ${shown(module)}`, { cause });
  };
  if (typeof module !== 'string' || module === '') return fail('must be a path or the name of a package');
  const from = join(process.cwd(), 'storages.js');
  try {
    return createRequire(from).resolve(module);
  } catch (error) {
    // a package that can only be imported cannot be resolved by require; the worker imports it by its name
    if ((error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' && !isAbsolute(module)) return module;
    return fail(`must be resolvable from ${process.cwd()}`, error);
  }
}

/** The default name: that of the package, or of the file, or of the file's folder if the file is called `index`. */
function kindOf(given: string, path: string): string {
  const { name, dir } = parse(path);
  const file = name === 'index' ? parse(dir).name : name;
  const isPath = given.startsWith('.') || isAbsolute(given);
  return (isPath ? file : given).slice(0, 64) || 'module';
}

/** Cloned once, so that every thread that loads the module gets the same options. */
function cloneOptions(options: unknown): unknown {
  try {
    return structuredClone(options);
  } catch (error) {
    throw new RingmeterError('RINGMETER_INVALID_OPTION', 'options of a storage must be data that can be cloned', {
      cause: error,
    });
  }
}
