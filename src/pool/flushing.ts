import { threadId, Worker } from 'node:worker_threads';
import type { Arena } from '../arena/arena';
import { HEADER, high, int } from '../arena/layout';
import { buryThread, type Shard, threadMark } from '../arena/shard';
import { raise } from '../atomics/signal';
import type { StorageRefusal } from '../errors';
import type { FlushSide, FlushTask, FlushTasks, FlushWorkerData } from '../flush/messages';
import type { FlushService } from '../flush/service';
import type { ResolvedOptions } from '../options';
import type { Channel } from '../storage/channel';
import { makePorts, openChannel, type StoragePort } from '../storage/port';
import type { ResolvedQuery, TimeSeries } from '../storage/types';
import { warn } from '../warning';
import type { FlushPool } from './flush-pool';
import type { StorageThread } from './storage-thread';
import { onThreadEnd } from './thread-ends';
import { cleanStart, workerFile } from './worker-file';

/**
 * All that a collector has beyond recording, seen from its thread: the flush workers, or in their place this thread
 * itself, and the threads of the user's own storages.
 */
export class Flushing {
  /** What the threads share about each storage. */
  private readonly channels: readonly Channel[];
  private readonly ports: readonly StoragePort[];
  private readonly side: FlushSide;
  private readonly threads = new Map<number, StorageThread>();
  private readonly stopWatching: () => void;
  private closed = false;

  /** @param options none where the collector was attached to: storages and workers are elsewhere then */
  constructor(
    private readonly arena: Arena,
    shards: readonly Shard[],
    options: ResolvedOptions | undefined,
  ) {
    const mark = threadMark(threadId);
    this.ports = makePorts(options?.storages ?? [], options?.settings.flushInterval ?? 0);
    this.channels = this.ports.map((port) => openChannel(port, mark));
    // before any thread is started: it has to hear of them all
    this.stopWatching = onThreadEnd((ended) => {
      buryThread(arena, shards, ended);
      for (const channel of this.channels) channel.bury(threadMark(ended));
    });
    this.side =
      options !== undefined && options.flushWorkers > 0
        ? startPool({ arena: arena.buffer, storages: [...this.ports] }, options)
        : startInThread(arena, this.ports, options !== undefined);
    this.ports.forEach((port, index) => {
      if (port.description.foreign) this.threads.set(index, startThread(arena, port, this.channels[index]));
    });
  }

  run<T extends FlushTask>(task: T, input: FlushTasks[T]['input']): Promise<FlushTasks[T]['output']> {
    return this.side.run(task, input);
  }

  /** The storages as `stats()` shows them. */
  storages(): { name: string; channel: Channel }[] {
    return this.ports.map(({ delivery: { name } }, index) => ({ name, channel: this.channels[index] }));
  }

  query(storage: number, query: ResolvedQuery): Promise<TimeSeries[]> {
    return this.threads.get(storage)?.query(query) ?? this.side.run('query', { storage, query });
  }

  /** The last flush, unless it takes longer. @returns what could not be delivered */
  async end(milliseconds: number): Promise<StorageRefusal[]> {
    if (this.ports.length === 0) return [];
    let timer: NodeJS.Timeout | undefined;
    const time = new Promise<StorageRefusal[]>((resolve) => {
      timer = setTimeout(
        () => resolve([{ storage: 'all', message: `not done within ${milliseconds} ms` }]),
        milliseconds,
      );
    });
    const refusals = await Promise.race([this.side.run('end', {}), time]);
    clearTimeout(timer);
    return refusals;
  }

  /**
   * The same while the process ends: blocks the calling thread until other threads are done. Called in an exit handler,
   * where no event loop turns any more. Only what leaves the process is worth waiting for.
   */
  endBlocking(milliseconds: number): void {
    const { arena, ports } = this;
    if (this.closed || milliseconds === 0 || ports.every(({ description }) => description.direct)) return;
    if (this.side.hasWorkers) Atomics.store(arena.i32, int(HEADER.END), 1);
    else this.startEndingWorker();
    raise(arena.i32, int(HEADER.WAKE));
    if (Atomics.wait(arena.i32, high(HEADER.END), 0, milliseconds) === 'timed-out')
      warn('RINGMETER_STORAGE_FAILED', `the last flush was not done within ${milliseconds} ms`);
  }

  /** Without flush workers nobody is left who could: a thread that is started now takes over what this one held. */
  private startEndingWorker(): void {
    for (const channel of this.channels) channel.giveUpLease();
    const workerData: FlushWorkerData = { arena: this.arena.buffer, storages: [...this.ports], ending: true };
    new Worker(workerFile('flush'), { workerData, ...cleanStart() });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.side.close();
    await Promise.all([...this.threads.values()].map((thread) => thread.close()));
    this.stopWatching();
  }
}

/** Loaded only here, like what follows: a thread that merely records has no use for the pool. */
function startPool(data: FlushWorkerData, options: ResolvedOptions): FlushPool {
  const { FlushPool } = require('./flush-pool') as typeof import('./flush-pool');
  return new FlushPool(data, options);
}

/** The flushing side on this thread; resident if it is the only one, on request where the arena's maker has workers. */
function startInThread(arena: Arena, ports: readonly StoragePort[], resident: boolean): FlushSide {
  const { InThread } = require('./in-thread') as typeof import('./in-thread');
  const service = (): FlushService => {
    const { FlushService } = require('../flush/service') as typeof import('../flush/service');
    return new FlushService(arena, ports);
  };
  return new InThread(service, resident);
}

function startThread(arena: Arena, port: StoragePort, channel: Channel): StorageThread {
  const { StorageThread } = require('./storage-thread') as typeof import('./storage-thread');
  return new StorageThread(arena, port, channel);
}
