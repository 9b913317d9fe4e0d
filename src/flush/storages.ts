import type { Family } from '../aggregate/catalog';
import type { Snapshot } from '../aggregate/snapshot';
import type { Arena } from '../arena/arena';
import { HEADER, high, int } from '../arena/layout';
import { messageOf, RingmeterError, type StorageRefusal } from '../errors';
import type { Settings } from '../settings';
import { type Channel, STATE } from '../storage/channel';
import { Delivery } from '../storage/delivery';
import { openBackend } from '../storage/open';
import { openChannel, type StoragePort } from '../storage/port';
import type { BackendContext, ResolvedQuery, StorageBackend, TimeSeries } from '../storage/types';
import { warn } from '../warning';

/** How often a thread that waits for a storage looks, at least. */
const LOOK_MS = 20;
/** What an attempt may take beyond its time before its thread is given up. */
const GRACE_MS = 2_000;

/** The storages of a collector as one thread of the flushing side has them. */
export class Storages {
  private readonly storages: OneStorage[];

  constructor(
    private readonly arena: Arena,
    ports: readonly StoragePort[],
    mark: number,
    families: () => readonly Family[],
  ) {
    this.storages = ports.map((port) => new OneStorage(arena, port, openChannel(port, mark), families));
  }

  /** Delivers what waits, where it is this thread's turn. Called at every turn of its loop. */
  tick(): void {
    for (const { delivery } of this.storages) delivery?.tick();
  }

  /** Those whose next snapshot is due, for one of all the threads that ask. */
  claimDue(): OneStorage[] {
    return this.storages.filter(({ channel, interval }) => channel.claim(this.arena.clock(), interval));
  }

  all(): readonly OneStorage[] {
    return this.storages;
  }

  /** Those that deliver somewhere. */
  delivered(): readonly OneStorage[] {
    return this.storages.filter(({ isDirect }) => !isDirect);
  }

  /** Those that have snapshots left. */
  undelivered(): StorageRefusal[] {
    return this.storages.flatMap(({ name, channel }) => {
      const left = channel.countQueued();
      return left === 0 ? [] : [{ storage: name, message: `${left} left: ${channel.lastError() ?? 'no time'}` }];
    });
  }

  /** Hands a snapshot to storages; to those with a queue, to be delivered when they can be reached. */
  async offer(snapshot: Snapshot, storages: readonly OneStorage[]): Promise<void> {
    this.noteFlush();
    await Promise.all(storages.map((storage) => storage.offer(snapshot)));
    this.tick();
  }

  /** Hands a snapshot to every storage and waits until it is stored, or an attempt has failed. */
  async deliver(snapshot: Snapshot): Promise<StorageRefusal[]> {
    this.noteFlush();
    const outcomes = await Promise.all(
      this.storages.map(async (storage) => {
        const message = await storage.deliver(snapshot).catch(messageOf);
        return { storage: storage.name, message };
      }),
    );
    return outcomes.filter((outcome): outcome is StorageRefusal => outcome.message !== undefined);
  }

  /** Delivers what waits, once more, and closes every backend, on whichever threads they are. */
  async close(): Promise<void> {
    await Promise.all(this.storages.map((storage) => storage.close()));
  }

  async query(index: number, query: ResolvedQuery): Promise<TimeSeries[]> {
    return this.storages[index].query(query);
  }

  private noteFlush(): void {
    Atomics.add(this.arena.i32, int(HEADER.FLUSHES), 1);
  }
}

/** One storage as one thread has it. */
class OneStorage {
  /** None where the storage has a thread of its own, or stores at once. */
  readonly delivery: Delivery | undefined;
  private readonly direct: StorageBackend | undefined;

  constructor(
    private readonly arena: Arena,
    private readonly port: StoragePort,
    readonly channel: Channel,
    private readonly families: () => readonly Family[],
  ) {
    const { description, delivery } = port;
    if (description.direct) this.direct = this.open();
    else if (!description.foreign)
      this.delivery = new Delivery(channel, delivery, () => this.open(), { arena, families });
  }

  get name(): string {
    return this.port.delivery.name;
  }

  get isDirect(): boolean {
    return this.direct !== undefined;
  }

  get interval(): number {
    return this.port.delivery.interval;
  }

  private open(): StorageBackend {
    const { description, delivery } = this.port;
    const context: BackendContext = {
      name: delivery.name,
      options: description.options,
      defaultLabels: (this.arena.settings as Settings).defaultLabels,
      families: this.families,
      exclusively: (action) => this.channel.exclusively(action),
    };
    return openBackend(description.module, context);
  }

  /** Warns if it cannot be taken, the first time in a row. */
  async offer(snapshot: Snapshot): Promise<void> {
    const { isFailing } = this.channel;
    try {
      if (this.direct === undefined) this.append(snapshot, false);
      else await this.store(this.direct, snapshot);
    } catch (error) {
      if (isFailing) return;
      warn('RINGMETER_STORAGE_FAILED', `storage ${this.name}: ${messageOf(error)}`);
    }
  }

  private append(snapshot: Snapshot, urgent: boolean): number {
    return this.channel.append(snapshot, this.port.delivery.queueAge, urgent);
  }

  /** Stores at once. */
  private async store(backend: StorageBackend, snapshot: Snapshot): Promise<void> {
    try {
      await backend.store(snapshot, { signal: NEVER });
      this.channel.noteStored();
    } catch (error) {
      Atomics.add(this.arena.i32, high(HEADER.FLUSHES), 1);
      this.channel.fail(messageOf(error), () => 0);
      throw error;
    }
  }

  /** @returns what went wrong, if anything did */
  async deliver(snapshot: Snapshot): Promise<string | undefined> {
    const { channel, direct } = this;
    if (direct !== undefined) {
      await this.store(direct, snapshot);
      return undefined;
    }
    const failuresBefore = channel.counted('failures');
    const deadline = performance.now() + this.port.delivery.timeout + GRACE_MS;
    const position = this.append(snapshot, true);
    this.delivery?.tick();
    while (performance.now() < deadline) {
      if (channel.hasStored(position)) return undefined;
      if (channel.counted('failures') > failuresBefore) return channel.lastError();
      await channel.change(LOOK_MS);
    }
    return 'nothing was heard of it in time';
  }

  async close(): Promise<void> {
    const { channel, direct } = this;
    if (direct !== undefined || channel.state === STATE.CLOSED) return;
    channel.state = STATE.CLOSING;
    while (channel.state !== STATE.CLOSED) {
      this.delivery?.tick();
      await channel.change(LOOK_MS);
    }
  }

  async query(query: ResolvedQuery): Promise<TimeSeries[]> {
    const backend = this.direct ?? this.open();
    if (backend.query === undefined)
      throw new RingmeterError('RINGMETER_INVALID_QUERY', `storage ${this.name} cannot be read back`);
    return backend.query(query);
  }
}

const NEVER = new AbortController().signal;
