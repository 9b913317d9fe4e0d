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

/** A task is given to another worker when the one that had it died, this often. */
const TRIES = 4;
/** As long as a timer may be; it is not meant to fire. */
const HOLD_MS = 2 ** 31 - 1;
/** Workers that end while others end may all have slots. */
const SLOTS_PER_WORKER = 4;
/** Reasons that are remembered as told, so that a failure that repeats is told once. */
const MOST_REASONS = 100;

/** The collector's side of the flush workers. */
export class FlushPool implements FlushSide {
  private piscina: Piscina;
  /** That of the present workers. */
  private parking: Parking;
  private readonly failures = new Failures();
  private restart: NodeJS.Timeout | undefined;
  /** Tasks that wait for their outcomes. */
  private waiting = 0;
  private hastening: NodeJS.Timeout | undefined;
  private readonly told = new Set<string>();
  /** What a worker failed of last. */
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
    // an endpoint that is opened again comes by itself, as often as it takes
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

  /** Cuts short the delay of a worker that is due to start: somebody has begun to wait for it. */
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

  /** Asks the workers to stop for good, where they can be terminated safely. Does not wait for them. */
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

  /** Tasks catch their own errors: what Piscina rejects with means that the worker is gone. All tasks can be repeated. */
  private async attempt<T>(message: unknown, transferList: MessagePort[], tries: number): Promise<Outcome<T>> {
    if (this.closed) throw closedError();
    // the process must not end while somebody waits for an answer: a worker that is to come holds nothing
    const held = setInterval(() => {}, HOLD_MS);
    try {
      return await this.piscina.run(message, { transferList });
    } catch (error) {
      // a query that was running on a worker which was not the one that made the last flush
      if (this.closed) throw closedError();
      // Piscina tells a task what its worker died of, and then nobody else
      if (error instanceof Error) this.failed(error);
      // a port can be sent only once
      if (tries > 1 && transferList.length === 0) {
        await new Promise(setImmediate);
        return this.attempt(message, transferList, tries - 1);
      }
      // the pool that had the task was replaced, for this reason
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
      // more than queries of PromQL are let in: they must not keep a flush waiting
      concurrentTasksPerWorker: 256,
      idleTimeout: Number.POSITIVE_INFINITY,
      // 'sync' would park an idle worker in Atomics.wait, its timers and sockets with it
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
   * A worker died. Piscina has started its replacement already: that waits before it does anything, longer and longer if
   * workers fail again and again. The user is told once per reason. A worker that was terminated from outside has not failed.
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
   * Piscina replaces a worker that ends, except one that ends before it was ready: after that it starts none any more.
   * Another pool takes its place then, after a delay that grows while that fails.
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

/** What Piscina says of a worker that ended without an error of its own. */
const ENDED = /^(worker exited with code|Terminating worker thread)/;

/** Ends workers that have been asked to park. */
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
