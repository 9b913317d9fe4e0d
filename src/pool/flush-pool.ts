// not the globals: there are realms that have none, or whose timers are not node's
import { setImmediate } from 'node:timers';
import type { MessagePort, ResourceLimits } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { messageOf, RingmeterError } from '../errors';
import type { FlushSide, FlushTask, FlushTasks, FlushWorkerData, Outcome } from '../flush/messages';
import { warn } from '../warning';
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
/** Workers that die before they are ready, one after the other, before the pool gives up. */
const MOST_FAILED_STARTS = 5;

const WORKER_FILE = workerFile('flush');

/** The collector's side of the flush workers. */
export class FlushPool implements FlushSide {
  private piscina: Piscina;
  private failedStarts = 0;
  private closed = false;
  private readonly stopWatching: () => void;

  constructor(
    private readonly data: FlushWorkerData,
    private readonly options: FlushPoolOptions,
  ) {
    this.piscina = this.start();
    this.stopWatching = onThreadEnd(() => setImmediate(() => this.replenish()));
  }

  async run<T extends FlushTask>(task: T, input: FlushTasks[T]['input']): Promise<FlushTasks[T]['output']> {
    const outcome: Outcome<FlushTasks[T]['output']> = await this.attempt({ task, input }, portsIn(input), TRIES);
    if (outcome.ok) return outcome.value;
    throw new RingmeterError(outcome.error.code, outcome.error.message);
  }

  /** Whether some worker is there to hear of the end. */
  get hasWorkers(): boolean {
    return this.piscina.threads.length > 0;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stopWatching();
    await this.piscina.destroy();
  }

  /** Tasks catch their own errors: what Piscina rejects with means that the worker is gone. All tasks can be repeated. */
  private async attempt<T>(message: unknown, transferList: MessagePort[], tries: number): Promise<Outcome<T>> {
    if (this.closed) throw closedError();
    try {
      return await this.piscina.run(message, { transferList });
    } catch (error) {
      // a query that was running on a worker which was not the one that made the last flush
      if (this.closed) throw closedError();
      // a port can be sent only once
      if (tries > 1 && transferList.length === 0) {
        await new Promise(setImmediate);
        return this.attempt(message, transferList, tries - 1);
      }
      throw new RingmeterError('RINGMETER_WORKER_FAILED', `a flush worker failed: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  private start(): Piscina {
    const { flushWorkers, niceIncrement, resourceLimits } = this.options;
    const piscina = new Piscina({
      filename: WORKER_FILE,
      minThreads: flushWorkers,
      maxThreads: flushWorkers,
      // more than queries of PromQL are let in: they must not keep a flush waiting
      concurrentTasksPerWorker: 256,
      idleTimeout: Number.POSITIVE_INFINITY,
      // 'sync' would park an idle worker in Atomics.wait, its timers and sockets with it
      atomics: 'disabled',
      workerData: { ...OWN_THREAD, ...this.data },
      niceIncrement,
      resourceLimits,
      recordTiming: false,
      ...cleanStart(),
    });
    piscina.on('error', (error: Error) => {
      warn('RINGMETER_WORKER_FAILED', `a flush worker failed and is replaced: ${error.message}`);
    });
    return piscina;
  }

  /** Piscina replaces a worker that ends, except one that ends before it was ready: after that it starts none any more. */
  private replenish(): void {
    if (this.closed) return;
    if (this.piscina.threads.length >= this.options.flushWorkers) {
      this.failedStarts = 0;
      return;
    }
    if (++this.failedStarts > MOST_FAILED_STARTS) {
      if (this.failedStarts === MOST_FAILED_STARTS + 1)
        warn(
          'RINGMETER_WORKER_FAILED',
          `flush workers ended before they were ready, ${this.failedStarts} times: given up`,
        );
      return;
    }
    const old = this.piscina;
    this.piscina = this.start();
    void old.destroy();
  }
}

function closedError(): RingmeterError {
  return new RingmeterError('RINGMETER_CLOSED', 'the collector has been closed');
}

function portsIn(input: object): MessagePort[] {
  return 'control' in input ? [(input as { control: MessagePort }).control] : [];
}
