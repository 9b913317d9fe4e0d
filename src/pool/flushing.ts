// not the globals: there are realms that have none

import { clearImmediate, clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { threadId, Worker } from 'node:worker_threads';
import type { RulePort } from '../alerts/port';
import type { Arena } from '../arena/arena';
import { HEADER, high, int } from '../arena/layout';
import { cleanUpAfterThread, type Shard, threadMark } from '../arena/shard';
import { Parking } from '../atomics/parking';
import { raise } from '../atomics/signal';
import { waitFor } from '../atomics/wait';
import { messageOf, type StorageRefusal } from '../common/errors';
import { isRealmOver } from '../common/realm';
import { inRootContext } from '../common/root-context';
import { warn, warnNow } from '../common/warning';
import { type Channel, STATE } from '../delivery/channel';
import { makePorts, openChannel, type StoragePort } from '../delivery/port';
import type { ResolvedQuery, TimeSeries } from '../delivery/types';
import type { FlushSide, FlushTask, FlushTasks, FlushWorkerData } from '../flush/messages';
import type { FlushService } from '../flush/service';
import { endInFlight } from '../lifecycle/in-flight';
import { WorkerBoard } from '../process/board';
import type { FlushPool } from './flush-pool';
import type { FlushingOptions } from './flushing-options';
import { OWN_THREAD } from './own-thread';
import { startFailure } from './start-failure';
import type { StorageThread } from './storage-thread';
import { onThreadEnd } from './thread-ends';
import { checkWorkerFile, cleanStart, workerFile } from './worker-file';

/**
 * Everything in a collector except recording, seen from the collector's thread: the flush workers (or this thread
 * itself in their place), and the threads of the user's own storages.
 */
export class Flushing {
  /** The shared state of each storage, followed by that of each notifier. */
  private readonly channels: readonly Channel[];
  private readonly ports: readonly StoragePort[];
  private readonly rules: RulePort | undefined;
  private started: FlushSide | undefined;
  private readonly starting: NodeJS.Immediate;
  private readonly threads = new Map<number, StorageThread>();
  /** Tasks of the flushing side that have not been answered yet. */
  private readonly running = new Set<Promise<unknown>>();
  private readonly stopWatching: () => void;
  private readonly cleanUpAfter: (ended: number) => void;
  private closed = false;
  /** Whether the process is ending and the last flush has been requested. */
  private ending = false;
  private readonly refusals: StorageRefusal[] = [];
  /** The Parkings of this collector's threads, once the threads have been asked to park. */
  private parkings: Parking[] = [];
  private readonly endingParking = new Parking(1);

  /** @param options undefined if this collector is attached to another thread's, which has the storages and workers */
  constructor(
    private readonly arena: Arena,
    shards: readonly Shard[],
    private readonly options: FlushingOptions | undefined,
  ) {
    const mark = threadMark(threadId);
    this.ports = makePorts(options?.storages ?? [], options?.settings.flushInterval ?? 0);
    this.rules = options?.rules;
    this.channels = [...this.ports, ...(this.rules?.notifiers ?? [])].map((port) => openChannel(port, mark));
    const cleanUpRules = this.rules && rulesCleanUp(this.rules, mark);
    // before any thread is started, so that the end of every thread is reported
    this.cleanUpAfter = (ended) => {
      cleanUpAfterThread(shards, ended, (shard) => endInFlight(shard, mark));
      for (const channel of this.channels) channel.cleanUpAfter(threadMark(ended));
      cleanUpRules?.(threadMark(ended));
    };
    this.stopWatching = onThreadEnd(this.cleanUpAfter);
    this.starting = inRootContext(() => setImmediate(() => this.startEarly()));
    this.ports.forEach((port, index) => {
      if (!port.description.foreign) return;
      const thread = inRootContext(() => startThread(arena, port, this.channels[index]));
      this.threads.set(index, thread);
    });
  }

  /**
   * Started lazily: when it is first needed, or at the next turn of the event loop. Starting a thread takes some
   * milliseconds, and the collector's constructor must not wait for it before recording.
   */
  private get side(): FlushSide {
    const { arena, ports, rules, options } = this;
    this.started ??=
      options !== undefined && options.flushWorkers > 0
        ? startPool(
            { arena: arena.buffer, storages: [...ports], rules, board: WorkerBoard.create(arena.maxThreads) },
            options,
          )
        : startInThread(arena, ports, rules, options !== undefined);
    return this.started;
  }

  /** Starts the flushing side before any task needs it. If that fails, warns; the first task that needs it throws. */
  private startEarly(): void {
    if (isRealmOver()) return;
    try {
      void this.side;
    } catch (error) {
      warn('RINGMETER_WORKER_FAILED', `the flushing side cannot be started: ${messageOf(error)}`);
    }
  }

  run<T extends FlushTask>(task: T, input: FlushTasks[T]['input']): Promise<FlushTasks[T]['output']> {
    const running = this.ask(task, input);
    this.running.add(running);
    return running.finally(() => this.running.delete(running));
  }

  /** The storages as `stats()` shows them. */
  storages(): { name: string; channel: Channel }[] {
    return this.ports.map(({ delivery: { name } }, index) => ({ name, channel: this.channels[index] }));
  }

  query(storage: number, query: ResolvedQuery): Promise<TimeSeries[]> {
    return this.threads.get(storage)?.query(query) ?? this.ask('query', { storage, query });
  }

  /** Evaluates PromQL. Closing does not wait for it. */
  evaluate<T extends 'instant' | 'range'>(task: T, input: FlushTasks[T]['input']): Promise<FlushTasks[T]['output']> {
    return this.ask(task, input);
  }

  /** In the root context: resources opened by a task, or a worker started for it, outlive the calling request. */
  private ask<T extends FlushTask>(task: T, input: FlushTasks[T]['input']): Promise<FlushTasks[T]['output']> {
    return inRootContext(() => this.side.run(task, input));
  }

  /** Makes the last flush, within so many milliseconds. @returns the storages with undelivered snapshots */
  async end(milliseconds: number): Promise<StorageRefusal[]> {
    // earlier tasks still get their answers, even if there is nothing to flush
    if (this.channels.length === 0 && this.running.size === 0) return [];
    for (const thread of this.threads.values()) thread.end();
    let timer: NodeJS.Timeout | undefined;
    const time = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    try {
      const answered = Promise.allSettled([...this.running]);
      const flushed = this.channels.length === 0 ? answered : this.ask('end', {});
      await Promise.race([flushed.then(() => answered), time]);
    } finally {
      clearTimeout(timer);
    }
    return this.undelivered();
  }

  /**
   * The last flush while the process ends, in two steps. This step requests it from other threads. Called in an exit
   * handler, where this thread's event loop does not turn any more. Skipped if no data leave the process.
   */
  beginEnd(milliseconds: number): void {
    const { arena, ports, rules } = this;
    const leavesProcess = !ports.every(({ description }) => description.direct) || (rules?.notifiers ?? []).length > 0;
    if (this.closed || milliseconds === 0 || !leavesProcess) return;
    this.ending = true;
    try {
      for (const thread of this.threads.values()) thread.end();
      if (this.started?.hurry()) Atomics.store(arena.i32, int(HEADER.END), 1);
      else this.startEndingWorker();
      raise(arena.i32, int(HEADER.WAKE));
    } catch (error) {
      this.refusals.push({ storage: 'all', message: startFailure(error).message });
    }
  }

  /** Blocks the calling thread until the other threads are done with the last flush, or the deadline has passed. */
  finishEnd(deadline: number): void {
    if (!this.ending) return;
    const left = deadline - performance.now();
    if (this.refusals.length === 0 && left > 0) waitFor(this.arena.i32, high(HEADER.END), 0, left);
    for (const { storage, message } of this.refusals.concat(this.undelivered()))
      warnNow('RINGMETER_STORAGE_FAILED', `last flush, ${storage}: ${message}`);
  }

  /** Asks the threads to park, where they can be terminated safely, before the process ends. */
  askToPark(): void {
    if (this.closed) return;
    const threads = [...this.threads.values()];
    for (const thread of threads) thread.askToPark();
    this.endingParking.ask();
    raise(this.arena.i32, int(HEADER.WAKE));
    const pool = this.started?.askToPark();
    this.parkings = [this.endingParking, ...(pool ? [pool] : []), ...threads.map(({ parking }) => parking)];
  }

  /** Blocks until they have parked, or the deadline. Then frees their locks, so that exit handlers can read values. */
  waitUntilParked(deadline: number): void {
    for (const parking of this.parkings) {
      parking.waitBlocking(deadline);
      for (const threadId of parking.parked) this.cleanUpAfter(threadId);
    }
  }

  /** Without flush workers, starts a thread for the last flush, which takes over the leases of this thread. */
  private startEndingWorker(): void {
    for (const channel of this.channels) channel.giveUpLease();
    const { arena, ports, rules } = this;
    if (rules !== undefined) rulesCleanUp(rules, threadMark(threadId))(threadMark(threadId));
    const parking = this.endingParking.buffer;
    const workerData: FlushWorkerData = {
      ...OWN_THREAD,
      arena: arena.buffer,
      storages: [...ports],
      rules,
      ending: true,
      parking,
    };
    checkWorkerFile('flush');
    new Worker(workerFile('flush'), { workerData, ...cleanStart() });
  }

  /** The storages and notifiers with snapshots that the last flush has not delivered. */
  private undelivered(): StorageRefusal[] {
    return [...this.ports, ...(this.rules?.notifiers ?? [])].flatMap(({ description, delivery: { name } }, index) => {
      const { state, queue } = this.channels[index];
      const items = index < this.ports.length ? 'snapshots' : 'notifications';
      const { waiting } = queue;
      if (description.direct || (waiting === 0 && state === STATE.CLOSED)) return [];
      const what = state === STATE.CLOSED ? '' : 'it was not closed in time, ';
      const why = queue.isFailing ? `: ${queue.lastError()}` : '';
      return [{ storage: name, message: `${what}${waiting} ${items} are undelivered${why}` }];
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    // ends the waits for storages on all threads
    for (const channel of this.channels) channel.state = STATE.CLOSED;
    clearImmediate(this.starting);
    await this.started?.close();
    await Promise.all([...this.threads.values()].map((thread) => thread.close()));
    this.stopWatching();
  }
}

/** Loads the pool lazily, like the functions below their modules: a thread that only records does not need them. */
function startPool(data: Omit<FlushWorkerData, 'parking'>, options: FlushingOptions): FlushPool {
  const { FlushPool } = require('./flush-pool') as typeof import('./flush-pool');
  try {
    return new FlushPool(data, options);
  } catch (error) {
    throw startFailure(error);
  }
}

/** The flushing side on this thread: a resident loop if it is the only one; on request if the maker has workers. */
function startInThread(
  arena: Arena,
  ports: readonly StoragePort[],
  rules: RulePort | undefined,
  resident: boolean,
): FlushSide {
  const { InThread } = require('./in-thread') as typeof import('./in-thread');
  const service = (): FlushService => {
    const { FlushService } = require('../flush/service') as typeof import('../flush/service');
    return new FlushService(arena, ports, { rules });
  };
  return new InThread(service, resident);
}

function startThread(arena: Arena, port: StoragePort, channel: Channel): StorageThread {
  const { StorageThread } = require('./storage-thread') as typeof import('./storage-thread');
  return new StorageThread(arena, port, channel);
}

/** Returns a function that releases the locks of an ended thread in the shared memory of the alert rules. */
function rulesCleanUp(rules: RulePort, mark: number): (ended: number) => void {
  const { cleanUpAfterRuleThread } = require('../alerts/port') as typeof import('../alerts/port');
  return (ended) => cleanUpAfterRuleThread(rules, mark, ended);
}
