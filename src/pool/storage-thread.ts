import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Arena } from '../arena/arena';
import { type PlainError, RingmeterError } from '../errors';
import type { StorageAnswer, StorageQuestion, StorageWorkerData } from '../flush/messages';
import { backoff } from '../storage/backoff';
import { type Channel, STATE } from '../storage/channel';
import type { StoragePort } from '../storage/port';
import type { ResolvedQuery, TimeSeries } from '../storage/types';
import { warn } from '../warning';
import { cleanStart, workerFile } from './worker-file';

/** How often the thread's sign of life is looked at. */
const WATCH_MS = 500;
/** V8 heap that somebody else's code may fill, in MB, unless the description says otherwise. */
const HEAP_MB = 128;

/**
 * The thread of a storage that is the user's own code. Whatever that code does, it does to this thread only: one that
 * ends, for whatever reason, or does not turn its event loop for longer than an attempt may take, is replaced.
 */
export class StorageThread {
  private worker: Worker | undefined;
  private restart: NodeJS.Timeout | undefined;
  private readonly watch: NodeJS.Timeout;
  private readonly asked = new Map<string, (answer: StorageAnswer['outcome']) => void>();
  private reason = '';
  private closed = false;

  constructor(
    private readonly arena: Arena,
    private readonly port: StoragePort,
    private readonly channel: Channel,
  ) {
    this.start();
    this.watch = setInterval(() => this.check(), WATCH_MS);
    this.watch.unref();
  }

  private start(): void {
    const { arena, port, channel } = this;
    this.restart = undefined;
    this.reason = '';
    channel.showLife(arena.tick());
    const worker = new Worker(workerFile('storage'), {
      workerData: { arena: arena.buffer, port } satisfies StorageWorkerData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      ...cleanStart(),
    });
    worker.on('error', (error) => {
      this.reason = error.message;
    });
    worker.on('message', ({ id, outcome }: StorageAnswer) => this.asked.get(id)?.(outcome));
    worker.once('exit', (code) => this.ended(this.reason || `exit code ${code}`));
    // a listener for messages would hold the process
    worker.unref();
    this.worker = worker;
  }

  private ended(reason: string): void {
    const { channel, port } = this;
    this.worker = undefined;
    for (const answer of this.asked.values())
      answer({ ok: false, error: { code: 'RINGMETER_STORAGE_FAILED', message: `its thread has ended: ${reason}` } });
    if (this.closed || channel.state === STATE.CLOSED) return;
    let delay = 0;
    const failures = channel.fail(`its thread has ended: ${reason}`, (count) => {
      delay = backoff(port.delivery, count);
      return this.arena.clock() + delay;
    });
    if (failures === 1)
      warn(
        'RINGMETER_STORAGE_FAILED',
        `storage ${port.delivery.name}: its thread has ended: ${reason}; it is replaced`,
      );
    this.restart = setTimeout(() => this.start(), delay);
    this.restart.unref();
  }

  /** Ends a thread that does not turn its loop. */
  private check(): void {
    const { worker, channel, port } = this;
    const silence = this.arena.tick() - channel.signOfLife;
    if (worker === undefined || silence < port.delivery.timeout + WATCH_MS) return;
    this.reason = `it was busy for ${Math.round(silence)} ms`;
    channel.showLife(this.arena.clock());
    void worker.terminate();
  }

  /** Asks the backend. @throws RingmeterError RINGMETER_STORAGE_FAILED, and what the backend's own error is passed as */
  async query(query: ResolvedQuery): Promise<TimeSeries[]> {
    const { worker, asked } = this;
    if (worker === undefined)
      throw new RingmeterError('RINGMETER_STORAGE_FAILED', `storage ${this.port.delivery.name} is being started again`);
    const id = randomUUID();
    worker.ref();
    const outcome = await new Promise<StorageAnswer['outcome']>((resolve) => {
      asked.set(id, resolve);
      worker.postMessage({ id, query } satisfies StorageQuestion);
    });
    asked.delete(id);
    if (asked.size === 0) worker.unref();
    if (outcome.ok) return outcome.value;
    throw toError(outcome.error);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.watch);
    clearTimeout(this.restart);
    await this.worker?.terminate();
  }
}

function toError({ code, message }: PlainError): RingmeterError {
  return new RingmeterError(code, message);
}
