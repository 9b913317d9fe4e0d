import type { MetricsCollector, Storage } from 'ringmeter';
import type { Test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import type { Settings } from '../../dist/src/common/settings.js';
import { openBackend } from '../../dist/src/delivery/open.js';
import type { StorageBackend } from '../../dist/src/delivery/types.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { Collect } from '../../dist/src/snapshot/collect.js';
import type { Snapshot } from '../../dist/src/snapshot/snapshot.js';

/** A storage's backend on this thread, with a way to take snapshots for it. */
export interface OpenedBackend {
  backend: StorageBackend;
  snapshot(): Promise<Snapshot>;
  /** Takes a snapshot and stores it; the one that was stored before comes along as `previous`. */
  store(signal?: AbortSignal): Promise<Snapshot>;
  close(signal?: AbortSignal): Promise<void>;
}

/** Opens a backend, which closes with the test. What a description carries goes through a structured clone first, as on its way to a worker. */
export async function openStorage(
  t: Test,
  collector: MetricsCollector,
  { description }: Storage,
): Promise<OpenedBackend> {
  const arena = Arena.attach(collector.handle.arena);
  const collect = new Collect(arena, new Drainer(arena, 1_000_000));
  const { defaultLabels } = arena.settings as Settings;
  const { module, options, kind } = structuredClone(description);
  const backend = openBackend(module, {
    name: kind,
    options,
    defaultLabels,
    families: () => collect.catalog.families,
    exclusively: (action) => action(),
  });
  await backend.open?.(AbortSignal.timeout(60_000));
  let closed = false;
  const close = async (signal = AbortSignal.timeout(60_000)): Promise<void> => {
    closed = true;
    await backend.close?.(signal);
  };
  // what there is to say about closing, a test that closes says itself; but nothing may go on behind a test
  t.teardown(() => (closed ? undefined : close().catch(() => {})));
  let previous: Snapshot | undefined;
  const snapshot = (): Promise<Snapshot> => collect.snapshot();
  const store = async (signal = AbortSignal.timeout(60_000)): Promise<Snapshot> => {
    const taken = await snapshot();
    await backend.store(taken, { signal, previous });
    previous = taken;
    return taken;
  };
  return { backend, snapshot, store, close };
}
