import type { Arena } from '../arena/arena';
import { HEADER } from '../arena/layout';
import { messageOf, RingmeterError, type StorageRefusal } from '../common/errors';
import type { Settings } from '../common/settings';
import { warn } from '../common/warning';
import type { Health } from '../dashboard/conditions';
import { type Channel, STATE } from '../delivery/channel';
import { Delivery } from '../delivery/delivery';
import { withoutStorageMetrics } from '../delivery/metrics';
import { openBackend } from '../delivery/open';
import { openChannel, type StoragePort } from '../delivery/port';
import { readStorageStats } from '../delivery/stats';
import type { ResolvedQuery, StorageBackend, TimeSeries } from '../delivery/types';
import type { Family } from '../registry/family';
import type { TakenSnapshot } from '../snapshot/snapshot';
import type { MemoryBackend } from '../storages/memory/memory-backend';

/** Longest time between two checks by a thread that waits for a storage. */
const LOOK_MS = 20;
/** By what share of its interval or delay a snapshot or an attempt may be late. */
const SHARE_OF_INTERVAL = 1 / 8;
/** Time after an attempt's timeout after which its thread is considered lost. */
const GRACE_MS = 2_000;

/** One flushing thread's view of all storages of a collector. */
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

  /** Milliseconds after which this thread should call `tick` again, so that no interval or delay is missed by much. */
  get dueIn(): number {
    return Math.min(...this.storages.map(({ dueIn }) => dueIn));
  }

  /** Delivers queued snapshots, if this thread has the storage's lease. Called at every turn of its loop. */
  tick(): void {
    for (const { delivery } of this.storages) delivery?.tick();
  }

  /** The storages whose next snapshot is due. Of all threads that call this, only one gets each. */
  claimDue(): OneStorage[] {
    return this.storages.filter(
      ({ channel, interval }) => channel.state === STATE.OPEN && channel.claim(this.arena.clock(), interval),
    );
  }

  /** Delivery statistics of each storage. */
  health(): Health[] {
    return this.storages.map((storage) => ({
      stats: readStorageStats(storage),
      failing: storage.channel.queue.isFailing,
    }));
  }

  all(): readonly OneStorage[] {
    return this.storages;
  }

  /** The storages with a delivery queue. */
  delivered(): readonly OneStorage[] {
    return this.storages.filter(({ isDirect }) => !isDirect);
  }

  /** Passes a snapshot to storages. Those with a queue deliver it when their backend can be reached. */
  async offer(snapshot: TakenSnapshot, storages: readonly OneStorage[]): Promise<void> {
    this.noteFlush();
    await Promise.all(storages.map((storage) => storage.offer(snapshot)));
    this.tick();
  }

  /** Passes a snapshot to every storage and waits until it is stored, or an attempt has failed. */
  async deliver(snapshot: TakenSnapshot): Promise<StorageRefusal[]> {
    this.noteFlush();
    const outcomes = await Promise.all(
      this.storages.map(async (storage) => {
        const message = await storage.deliver(snapshot).catch(messageOf);
        return { storage: storage.name, message };
      }),
    );
    return outcomes.filter((outcome): outcome is StorageRefusal => outcome.message !== undefined);
  }

  /** Tries once more to deliver queued snapshots, and closes every backend, on whatever thread it is. */
  async close(): Promise<void> {
    await Promise.all(this.storages.map((storage) => storage.close()));
  }

  /** The data for PromQL: the history of the first MemoryStorage, by its own clock and by the wall clock. */
  memory(): MemoryBackend | undefined {
    return this.storages.find(({ kind }) => kind === 'memory')?.backend() as MemoryBackend | undefined;
  }

  async query(index: number, query: ResolvedQuery): Promise<TimeSeries[]> {
    return this.storages[index].query(query);
  }

  private noteFlush(): void {
    this.arena.count(HEADER.FLUSHES);
  }
}

/** One thread's view of one storage. */
class OneStorage {
  /** Undefined if the storage has a thread of its own, or stores synchronously. */
  readonly delivery: Delivery | undefined;
  private readonly direct: StorageBackend | undefined;
  private made: StorageBackend | undefined;
  /** The registered metrics that the storage receives. */
  private readonly families: () => readonly Family[];
  /** Whether the last snapshot was refused: of consecutive refusals, only the first gives a warning. */
  private refuses = false;

  constructor(
    private readonly arena: Arena,
    private readonly port: StoragePort,
    readonly channel: Channel,
    families: () => readonly Family[],
  ) {
    const { description, delivery } = port;
    this.families = description.omitsStorageMetrics ? () => withoutStorageMetrics(families()) : families;
    if (description.direct) this.direct = this.backend();
    else if (!description.foreign)
      this.delivery = new Delivery(channel, delivery, () => this.backend(), { arena, families: this.families });
  }

  get name(): string {
    return this.port.delivery.name;
  }

  get kind(): string {
    return this.port.description.kind;
  }

  get isDirect(): boolean {
    return this.direct !== undefined;
  }

  get interval(): number {
    return this.port.delivery.interval;
  }

  get dueIn(): number {
    const { interval, firstDelay } = this.port.delivery;
    const delay = this.isDirect ? Number.POSITIVE_INFINITY : firstDelay;
    return Math.min(interval || delay, delay) * SHARE_OF_INTERVAL;
  }

  /** The backend, made at its first use; deliveries and queries use the same one. */
  backend(): StorageBackend {
    const { description, delivery } = this.port;
    this.made ??= openBackend(description.module, {
      name: delivery.name,
      options: description.options,
      defaultLabels: (this.arena.settings as Settings).defaultLabels,
      families: this.families,
      exclusively: (action) => this.channel.exclusively(action),
    });
    return this.made;
  }

  /** Queues a snapshot for delivery. Warns if it is refused; of consecutive refusals, only about the first. */
  async offer(snapshot: TakenSnapshot): Promise<void> {
    // another thread has made the last flush
    if (this.channel.state === STATE.CLOSED) return;
    try {
      if (this.direct === undefined) await this.channel.queue.append(snapshot, false);
      else await this.store(this.direct, snapshot);
      this.refuses = false;
    } catch (error) {
      if (!this.refuses) warn('RINGMETER_STORAGE_FAILED', `storage ${this.name}: ${messageOf(error)}`);
      this.refuses = true;
    }
  }

  /** Stores a snapshot without the queue. */
  private async store(backend: StorageBackend, snapshot: TakenSnapshot): Promise<void> {
    const { queue } = this.channel;
    try {
      await backend.store(snapshot, { signal: NEVER });
      await queue.noteStored();
    } catch (error) {
      this.arena.count(HEADER.FAILED_FLUSHES);
      await queue.fail(messageOf(error), () => 0);
      throw error;
    }
  }

  /** Queues a snapshot, and waits until it is stored or an attempt has failed. @returns the error message, if any */
  async deliver(snapshot: TakenSnapshot): Promise<string | undefined> {
    const { channel, direct } = this;
    if (direct !== undefined) {
      await this.store(direct, snapshot);
      return undefined;
    }
    const { queue } = channel;
    const { repeated } = queue;
    const deadline = performance.now() + this.port.delivery.timeout + GRACE_MS;
    const position = await queue.append(snapshot, true);
    while (performance.now() < deadline) {
      if (queue.hasRejected(position)) return queue.lastError();
      if (queue.hasStored(position)) return undefined;
      if (queue.repeated > repeated) return queue.lastError();
      if (channel.state === STATE.CLOSED) return 'the storage has been closed';
      this.delivery?.tick();
      await channel.changed(LOOK_MS);
    }
    return 'the storage neither stored nor refused the snapshot in time';
  }

  async close(): Promise<void> {
    const { channel, direct } = this;
    if (direct !== undefined || channel.state === STATE.CLOSED) return;
    channel.state = STATE.CLOSING;
    while (channel.state !== STATE.CLOSED) {
      this.delivery?.tick();
      await channel.changed(LOOK_MS);
    }
  }

  async query(query: ResolvedQuery): Promise<TimeSeries[]> {
    const backend = this.backend();
    if (backend.query === undefined)
      throw new RingmeterError(
        'RINGMETER_INVALID_QUERY',
        `storage ${this.name} cannot be queried: its backend has no method query`,
      );
    return backend.query(query);
  }
}

const NEVER = new AbortController().signal;
