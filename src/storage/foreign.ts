import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { RingmeterError, shown } from '../errors';
import { checkOptions } from '../options-check';
import { checkDelivery, DELIVERY_OPTIONS } from './delivery-options';
import { DescribedStorage } from './described';
import type { DeliveryOptions } from './types';

/** A storage of the user's own: what the module has to export is `StorageModule`. */
export interface ModuleStorage extends DeliveryOptions {
  /** Absolute path of the module, path from the working directory that begins with a point, or name of a package. */
  readonly module: string;
  /** What the module is told; must be something that `postMessage` can send. */
  readonly options?: unknown;
}

/** A storage whose backend is a module of the user's. Its code runs in a thread of its own. */
export class ForeignStorage extends DescribedStorage {
  /** @throws RingmeterError RINGMETER_INVALID_OPTION */
  constructor(given: ModuleStorage) {
    const { module, options } = checkOptions('storage', given, ['module', 'options', ...DELIVERY_OPTIONS]);
    const kind = 'module';
    checkCloneable(options);
    super({ kind, module: resolveModule(module), options, delivery: checkDelivery(kind, given), foreign: true });
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
    return fail(`must be found from ${process.cwd()}`, error);
  }
}

function checkCloneable(options: unknown): void {
  try {
    structuredClone(options);
  } catch (error) {
    throw new RingmeterError('RINGMETER_INVALID_OPTION', 'options of a storage must be data that can be cloned', {
      cause: error,
    });
  }
}
