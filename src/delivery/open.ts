import type { BackendContext, CreateBackend, StorageBackend } from './types';

/** Makes the working half of a storage, in the thread that uses it. Only there its module is loaded. */
export function openBackend(module: string, context: BackendContext): StorageBackend {
  const { createBackend } = require(module) as { createBackend: CreateBackend };
  return createBackend(context);
}
