// not the globals: there are realms that have none, or whose timers are not node's
import { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from 'node:timers';
import type { MessagePort, ResourceLimits } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { HEADER, int } from '../arena/layout';
import { PARK_MS, Parking } from '../atomics/parking';
import { raise } from '../atomics/signal';
import { messageOf, RingmeterError } from '../common/errors';
import { warn } from '../common/warning';
import type { FlushSide, FlushTask, FlushTasks, FlushWorkerData, Outcome } from '../flush/messages';
import { Failures } from './failures';
import { OWN_THREAD } from './own-thread';
import { onThreadEnd } from './thread-ends';
import { cleanStart, workerFile } from './worker-file';

export interface FlushPoolOptions {
  flushWorkers: number;
  niceIncrement: number;
  resourceLimits: ResourceLimits;
}

/** How often a task is attempted in all, if the worker that runs it dies. */
const TRIES = 4;
/** The longest delay of a timer: this timer is not meant to fire. */
const HOLD_MS = 2 ** 31 - 1;
/** Parking slots per worker: more than one, since ending workers keep theirs while replacements join. */
const SLOTS_PER_WORKER = 4;
/** Most failure reasons that are remembered, so that the user is warned once about each. */
const MOST_REASONS = 100;

/** The pool of flush workers, on the collector's thread. */
export class FlushPool implements FlushSide {
  private piscina: Piscina;
  /** The Parking of the present pool's workers. */
  private parking: Parking;
  private readonly failures = new Failures();
  private restart: NodeJS.Timeout | undefined;
  /** Number of tasks that wait for their outcomes. */
  private waiting = 0;
  private hastening: NodeJS.Timeout | undefined;
  private readonly told = new Set<string>();
  /** Error message of the last failure of a worker. */
  private reason: string | undefined;
  private closed = false;
  private readonly stopWatching: () => void;

  constructor(
    private readonly data: Omit<FlushWorkerData, 'parking'>,
    private readonly options: FlushPoolOptions,
  ) {
    this.parking = new Parking(options.flushWorkers * SLOTS_PER_WORKER);
    this.piscina = this.start();
    this.stopWatching = onThreadEnd((ended) => {
      this.parking.forget(ended);
      setImmediate(() => this.replenish());
    });
  }

  async run<T extends FlushTask>(task: T, input: FlushTasks[T]['input']): Promise<FlushTasks[T]['output']> {
    // no time must be lost for the last flush
    if (task === 'end') this.hurry();
    // nobody waits for a 'listen': endpoints retry it by themselves
    const isWaitedFor = task !== 'listen';
    if (isWaitedFor) this.hasten();
    this.waiting += isWaitedFor ? 1 : 0;
    try {
      const outcome: Outcome<FlushTasks[T]['output']> = await this.attempt({ task, input }, portsIn(input), TRIES);
      if (outcome.ok) return outcome.value;
      throw new RingmeterError(outcome.error.code, outcome.error.message);
    } finally {
      this.waiting -= isWaitedFor ? 1 : 0;
    }
  }

  /** Shortens the delay before the next worker starts, since a task has begun to wait for it. */
  private hasten(): void {
    const { cut } = this.failures;
    if (cut === undefined || this.hastening !== undefined) return;
    this.hastening = setTimeout(() => {
      this.hastening = undefined;
      if (this.closed) return;
      this.parking.delayNext(0);
      if (this.restart === undefined) return;
      clearTimeout(this.restart);
      this.startAgain();
    }, cut).unref();
  }

  hurry(): boolean {
    this.parking.delayNext(0);
    return this.piscina.threads.length > 0;
  }

  /** Asks the workers to park, where they can be terminated safely. Does not wait for them. */
  askToPark(): Parking {
    this.closed = true;
    this.park(this.parking);
    return this.parking;
  }

  async close(): Promise<void> {
    this.stopWatching();
    clearTimeout(this.restart);
    clearTimeout(this.hastening);
    await retire(this.piscina, this.askToPark());
  }

  private park(parking: Parking): void {
    parking.ask();
    raise(new Int32Array(this.data.arena), int(HEADER.WAKE));
  }

  /** Tasks catch their own errors: a rejection by Piscina means that the worker has died. All tasks can be repeated. */
  private async attempt<T>(message: unknown, transferList: MessagePort[], tries: number): Promise<Outcome<T>> {
    if (this.closed) throw closedError();
    // keep the process alive while a caller waits for an answer: a worker that has not started yet does not
    const held = setInterval(() => {}, HOLD_MS);
    try {
      return await this.piscina.run(message, { transferList });
    } catch (error) {
      // closed meanwhile: a query was running on a worker other than the one that made the last flush
      if (this.closed) throw closedError();
      // if a task was running, Piscina reports the worker's error only to that task
      if (error instanceof Error) this.failed(error);
      // a MessagePort can be transferred only once
      if (tries > 1 && transferList.length === 0) {
        await new Promise(setImmediate);
        return this.attempt(message, transferList, tries - 1);
      }
      // the pool that ran the task has been replaced: `this.reason` has the cause
      const isEnd = ENDED.test(messageOf(error));
      const reason = (isEnd ? this.reason : undefined) ?? messageOf(error);
      throw new RingmeterError('RINGMETER_WORKER_FAILED', `a flush worker failed: ${reason}`, { cause: error });
    } finally {
      clearInterval(held);
    }
  }

  private start(): Piscina {
    const { flushWorkers, niceIncrement, resourceLimits } = this.options;
    const piscina = new Piscina({
      filename: workerFile('flush'),
      minThreads: flushWorkers,
      maxThreads: flushWorkers,
      // more than the limit on concurrent PromQL queries, which must not delay a flush
      concurrentTasksPerWorker: 256,
      idleTimeout: Number.POSITIVE_INFINITY,
      // 'sync' would block an idle worker in Atomics.wait, and starve its timers and sockets
      atomics: 'disabled',
      workerData: { ...OWN_THREAD, ...this.data, parking: this.parking.buffer } satisfies FlushWorkerData,
      niceIncrement,
      resourceLimits,
      recordTiming: false,
      ...cleanStart(),
    });
    piscina.on('error', (error: Error) => this.failed(error));
    return piscina;
  }

  /**
   * Called when a worker has died. Piscina has started its replacement already, which first waits, with exponential
   * backoff if workers keep failing. The user is warned once per reason. Termination from outside does not count.
   */
  private failed({ message }: Error): void {
    if (this.closed || ENDED.test(message)) return;
    this.reason = message;
    this.parking.delayNext(this.failures.next(this.waiting > 0));
    if (this.told.has(message)) return;
    if (this.told.size >= MOST_REASONS) this.told.clear();
    this.told.add(message);
    warn('RINGMETER_WORKER_FAILED', `a flush worker failed and is replaced: ${message}`);
  }

  /**
   * Piscina replaces a worker that ends, except one that ends before it was ready: after that it starts no more
   * workers. Then this replaces the whole pool, with exponential backoff.
   */
  private replenish(): void {
    if (this.closed || this.restart !== undefined) return;
    if (this.piscina.threads.length >= this.options.flushWorkers) return;
    this.restart = setTimeout(() => this.startAgain(), this.failures.next(this.waiting > 0));
    this.restart.unref();
  }

  private startAgain(): void {
    this.restart = undefined;
    const { piscina, parking } = this;
    this.parking = new Parking(this.options.flushWorkers * SLOTS_PER_WORKER);
    this.piscina = this.start();
    this.park(parking);
    void retire(piscina, parking);
  }
}

/** Matches Piscina's error message for a worker that ended without throwing. */
const ENDED = /^(worker exited with code|Terminating worker thread)/;

/** Waits until the workers, which have been asked to park, are parked, and then terminates them. */
async function retire(piscina: Piscina, parking: Parking): Promise<void> {
  await parking.wait(PARK_MS);
  await piscina.destroy();
}

function closedError(): RingmeterError {
  return new RingmeterError('RINGMETER_CLOSED', 'the collector has been closed');
}

function portsIn(input: object): MessagePort[] {
  return 'control' in input ? [(input as { control: MessagePort }).control] : [];
}
