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

/** How often the loop turns at least: each turn is a sign of life. */
const TURN_MS = 100;
/** How long a thread that is to be replaced waits for its last warnings to be taken. */
const WARNINGS_MS = 1_000;

/** What the thread of a user's own storage does: it delivers what the flush workers put into the storage's channel. */
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
      // a moment later: what is warned of just now has to reach the thread that emits it
      renew: () => setImmediate(() => void warningsTaken(WARNINGS_MS).then(() => process.exit(RENEWAL))),
    });
  }

  /** @throws RingmeterError RINGMETER_OUT_OF_MEMORY if the module takes more than it may, which shall end the thread */
  async run(): Promise<void> {
    const { channel, arena } = this;
    while (channel.state !== STATE.CLOSED) {
      this.beforeTurn();
      channel.showLife(arena.tick());
      this.checkMemory();
      this.delivery.tick();
      await channel.changed(TURN_MS);
      // what the backend does in one turn must not keep the loop's other work from its own
      await turn();
    }
  }

  /** V8 limits its own heap; buffers are outside of it. */
  private checkMemory(): void {
    const { maxMemory } = this.port.description.foreign!;
    const { arrayBuffers } = process.memoryUsage();
    if (arrayBuffers > maxMemory)
      throw new RingmeterError(
        'RINGMETER_OUT_OF_MEMORY',
        `its buffers take ${arrayBuffers} bytes, and maxMemory is ${maxMemory}`,
      );
  }

  async query(query: ResolvedQuery): Promise<TimeSeries[]> {
    const backend = await this.delivery.opened(AbortSignal.timeout(this.port.delivery.timeout));
    if (backend.query === undefined)
      throw new RingmeterError('RINGMETER_INVALID_QUERY', `storage ${this.port.delivery.name} cannot be read back`);
    return backend.query(query);
  }
}
