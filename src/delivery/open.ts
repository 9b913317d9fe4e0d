import type { BackendContext, CreateBackend, StorageBackend } from './types';

/** Makes a storage's backend on the thread that uses it. The backend's module is loaded only there. */
export function openBackend(module: string, context: BackendContext): StorageBackend {
  const { createBackend } = require(module) as { createBackend: CreateBackend };
  return createBackend(context);
}
