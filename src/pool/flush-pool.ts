import { extname, join } from 'node:path';
import type { MessagePort, ResourceLimits } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { RingmeterError } from '../errors';
import type { FlushSide, FlushTask, FlushTasks, FlushWorkerData, Outcome } from './messages';
import { onThreadEnd } from './thread-ends';

export interface FlushPoolOptions {
  flushWorkers: number;
  niceIncrement: number;
  resourceLimits: ResourceLimits;
}

/** A task is given to another worker when the one that had it died, this often. */
const TRIES = 4;
/** Workers that die before they are ready, one after the other, before the pool gives up. */
const MOST_FAILED_STARTS = 5;

const WORKER_FILE = join(__dirname, '..', '..', 'workers', `flush${extname(__filename)}`);

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

  async close(): Promise<void> {
    this.closed = true;
    this.stopWatching();
    await this.piscina.destroy();
  }

  /** Tasks catch their own errors: what Piscina rejects with means that the worker is gone. All tasks can be repeated. */
  private async attempt<T>(message: unknown, transferList: MessagePort[], tries: number): Promise<Outcome<T>> {
    if (this.closed) throw new RingmeterError('RINGMETER_CLOSED', 'the collector has been closed');
    try {
      return await this.piscina.run(message, { transferList });
    } catch (error) {
      // a port can be sent only once
      if (tries > 1 && transferList.length === 0 && !this.closed) {
        await new Promise(setImmediate);
        return this.attempt(message, transferList, tries - 1);
      }
      const reason = error instanceof Error ? error.message : String(error);
      throw new RingmeterError('RINGMETER_WORKER_FAILED', `a flush worker failed: ${reason}`, { cause: error });
    }
  }

  private start(): Piscina {
    const { flushWorkers, niceIncrement, resourceLimits } = this.options;
    const piscina = new Piscina({
      filename: WORKER_FILE,
      minThreads: flushWorkers,
      maxThreads: flushWorkers,
      concurrentTasksPerWorker: 16,
      idleTimeout: Number.POSITIVE_INFINITY,
      // 'sync' would park an idle worker in Atomics.wait, its timers and sockets with it
      atomics: 'disabled',
      workerData: this.data,
      niceIncrement,
      resourceLimits,
      recordTiming: false,
      // a preload of the user's must not run in here: if it makes a collector, that would start workers without end
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    piscina.on('error', (error: Error) => {
      process.emitWarning(`a flush worker failed and is replaced: ${error.message}`, {
        type: 'RingmeterWarning',
        code: 'RINGMETER_WORKER_FAILED',
      });
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
    if (++this.failedStarts > MOST_FAILED_STARTS) return;
    const old = this.piscina;
    this.piscina = this.start();
    void old.destroy();
  }
}

function portsIn(input: object): MessagePort[] {
  return 'control' in input ? [(input as { control: MessagePort }).control] : [];
}
