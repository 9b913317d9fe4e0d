import { type Exclusively, MemoryBackend, type MemoryBackendOptions } from './memory-backend';
import type { StorageBackend, StorageDescription } from './types';

/** Makes the working half of a storage from its description, in the thread that flushes. */
export function openStorage({ options }: StorageDescription, exclusively: Exclusively): StorageBackend {
  return new MemoryBackend(options as MemoryBackendOptions, exclusively);
}
