import { threadId } from 'node:worker_threads';
import { Catalog } from '../aggregate/catalog';
import type { Arena } from '../arena/arena';
import { threadMark } from '../arena/shard';
import { RingmeterError } from '../errors';
import type { Settings } from '../settings';
import { type Channel, STATE } from '../storage/channel';
import { Delivery } from '../storage/delivery';
import { openForeign } from '../storage/foreign-backend';
import { openChannel, type StoragePort } from '../storage/port';
import type { ResolvedQuery, StorageBackend, TimeSeries } from '../storage/types';

/** How often the loop turns at least: each turn is a sign of life. */
const TURN_MS = 100;

/** What the thread of a user's own storage does: it delivers what the flush workers put into the storage's channel. */
export class StorageResident {
  private readonly channel: Channel;
  private readonly catalog: Catalog;
  private readonly delivery: Delivery;
  private backend: Promise<StorageBackend> | undefined;

  constructor(
    private readonly arena: Arena,
    private readonly port: StoragePort,
  ) {
    this.channel = openChannel(port, threadMark(threadId));
    this.catalog = new Catalog(arena);
    this.delivery = new Delivery(this.channel, port.delivery, () => this.load(), {
      arena,
      families: () => this.families(),
      // its thread is the only thing of it that can be stopped
      onStuck: () => process.exit(1),
    });
  }

  async run(): Promise<void> {
    const { channel, arena } = this;
    while (channel.state !== STATE.CLOSED) {
      channel.showLife(arena.tick());
      this.delivery.tick();
      await channel.change(TURN_MS);
      // what the backend does in one turn must not keep the loop's other work from its own
      await new Promise(setImmediate);
    }
  }

  async query(query: ResolvedQuery): Promise<TimeSeries[]> {
    const backend = await this.load();
    if (backend.query === undefined)
      throw new RingmeterError('RINGMETER_INVALID_QUERY', `storage ${this.port.delivery.name} cannot be read back`);
    return backend.query(query);
  }

  private load(): Promise<StorageBackend> {
    this.backend ??= openForeign(this.port, (this.arena.settings as Settings).defaultLabels);
    // what could not be loaded may be there the next time
    this.backend.catch(() => {
      this.backend = undefined;
    });
    return this.backend;
  }

  private families(): Catalog['families'] {
    this.catalog.refresh();
    return this.catalog.families;
  }
}
