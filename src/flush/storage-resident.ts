import { threadId } from 'node:worker_threads';
import type { Arena } from '../arena/arena';
import { threadMark } from '../arena/shard';
import { turn } from '../atomics/turn';
import { RingmeterError } from '../common/errors';
import type { Settings } from '../common/settings';
import { warningsTaken } from '../common/warning';
import { type Channel, STATE } from '../delivery/channel';
import { Delivery } from '../delivery/delivery';
import { openChannel, type StoragePort } from '../delivery/port';
import type { ResolvedQuery, TimeSeries } from '../delivery/types';
import { Catalog } from '../registry/catalog';
import { openForeign } from '../storages/module/foreign-backend';
import { RENEWAL } from './messages';

/** Longest time between turns of the loop: each turn is a heartbeat. */
const TURN_MS = 100;
/** How long a thread that is about to be replaced waits until its last warnings have been read. */
const WARNINGS_MS = 1_000;

/** The loop of a user's own storage thread: it delivers the snapshots that flush workers put into its channel. */
export class StorageResident {
  private readonly channel: Channel;
  private readonly delivery: Delivery;

  constructor(
    private readonly arena: Arena,
    private readonly port: StoragePort,
    private readonly beforeTurn: () => void,
  ) {
    this.channel = openChannel(port, threadMark(threadId));
    const catalog = new Catalog(arena);
    const makeBackend = () => openForeign(port, (arena.settings as Settings).defaultLabels);
    this.delivery = new Delivery(this.channel, port.delivery, makeBackend, {
      arena,
      families: () => {
        catalog.refresh();
        return catalog.families;
      },
      // exit later: the warning of this failure still has to reach the thread that emits it
      renew: () => setImmediate(() => void warningsTaken(WARNINGS_MS).then(() => process.exit(RENEWAL))),
    });
  }

  /** @throws RingmeterError RINGMETER_OUT_OF_MEMORY if the module exceeds its memory limit, to end the thread */
  async run(): Promise<void> {
    const { channel, arena } = this;
    while (channel.state !== STATE.CLOSED) {
      this.beforeTurn();
      channel.showLife(arena.tick());
      this.checkMemory();
      this.delivery.tick();
      await channel.changed(TURN_MS);
      // a backend that keeps resolving promises must not starve the rest of the event loop
      await turn();
    }
  }

  /** Limits the memory of ArrayBuffers, which are outside the heap that V8 limits. */
  private checkMemory(): void {
    const { maxMemory } = this.port.description.foreign!;
    const { arrayBuffers } = process.memoryUsage();
    if (arrayBuffers > maxMemory)
      throw new RingmeterError(
        'RINGMETER_OUT_OF_MEMORY',
        `the buffers of the storage take ${arrayBuffers} bytes, more than its maxMemory of ${maxMemory}`,
      );
  }

  async query(query: ResolvedQuery): Promise<TimeSeries[]> {
    const backend = await this.delivery.opened(AbortSignal.timeout(this.port.delivery.timeout));
    if (backend.query === undefined)
      throw new RingmeterError(
        'RINGMETER_INVALID_QUERY',
        `storage ${this.port.delivery.name} cannot be queried: its backend has no method query`,
      );
    return backend.query(query);
  }
}
