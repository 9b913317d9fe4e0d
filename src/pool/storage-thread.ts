import { randomUUID } from 'node:crypto';
// not the globals: there are realms that have none, or whose timers are not node's
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Arena } from '../arena/arena';
import { HEADER } from '../arena/layout';
import { PARK_MS, Parking } from '../atomics/parking';
import { messageOf, RingmeterError } from '../common/errors';
import { warn } from '../common/warning';
import { backoff } from '../delivery/backoff';
import { type Channel, STATE } from '../delivery/channel';
import type { StoragePort } from '../delivery/port';
import type { ResolvedQuery, TimeSeries } from '../delivery/types';
import { RENEWAL, type StorageAnswer, type StorageQuestion, type StorageWorkerData } from '../flush/messages';
import { OWN_THREAD } from './own-thread';
import { startFailure } from './start-failure';
import { startForModules, workerFile } from './worker-file';

/** How often the thread's heartbeat is checked. */
const WATCH_MS = 500;
/** Shortest time without a heartbeat after which it is replaced: it may be loading, or short of processor time. */
const LEAST_SILENCE_MS = 5_000;
/** How long `close()` waits for a thread that is in a call which cannot be interrupted. */
const MAX_WAIT_MS = 1_000;
const LAST_LIVES = 2;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The thread of a storage that is the user's own code, which can so harm only that thread. If the thread ends, for
 * whatever reason, or its event loop does not turn for longer than an attempt may take (and for five seconds), it is
 * replaced. The collector's event loop does that: while it is blocked, no thread is replaced, and healthy threads go
 * on.
 */
export class StorageThread {
  readonly parking = new Parking(2);
  private worker: Worker | undefined;
  private restart: NodeJS.Timeout | undefined;
  private readonly watch: NodeJS.Timeout;
  private readonly asked = new Map<string, (answer: StorageAnswer['outcome']) => void>();
  private reason: string | undefined;
  /** How often the thread may still end before its storage is given up; limited once the collector ends. */
  private lives = Number.POSITIVE_INFINITY;
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
    this.restart = undefined;
    this.reason = undefined;
    this.channel.showLife(this.arena.tick());
    try {
      this.worker = this.launch();
    } catch (error) {
      // the system cannot start a thread at the moment
      this.reason = startFailure(error).message;
      void this.ended(1);
    }
  }

  private launch(): Worker {
    const { arena, port } = this;
    const worker = new Worker(workerFile('storage'), {
      workerData: {
        ...OWN_THREAD,
        arena: arena.buffer,
        port,
        parking: this.parking.buffer,
      } satisfies StorageWorkerData,
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(port.description.foreign!.maxMemory / 2 ** 20) },
      ...startForModules(),
    });
    // the user's code can throw and post values of any type
    worker.on('error', (error: unknown) => {
      this.reason = messageOf(error);
    });
    worker.on('message', (answer: StorageAnswer | null) => this.asked.get(answer?.id ?? '')?.(answer!.outcome));
    const { threadId } = worker;
    worker.once('exit', (code) => {
      this.parking.forget(threadId);
      void this.ended(code);
    });
    // a listener for messages would keep the process alive
    worker.unref();
    return worker;
  }

  private async ended(code: number): Promise<void> {
    const { channel, arena, port } = this;
    const message = `the thread of the storage has ended: ${this.reason ?? `exit code ${code}`}`;
    this.worker = undefined;
    for (const answer of this.asked.values())
      answer({ ok: false, error: { code: 'RINGMETER_STORAGE_FAILED', message } });
    if (this.closed || channel.state === STATE.CLOSED) return;
    if (code !== RENEWAL || this.reason !== undefined) await this.fail(message).catch(() => {});
    if (--this.lives <= 0) channel.state = STATE.CLOSED;
    if (this.closed || this.lives <= 0) return;
    const regular = Math.max(channel.queue.nextAttempt - arena.tick(), backoff(port.delivery, 1));
    const wait = this.lives === Number.POSITIVE_INFINITY ? Math.min(regular, LONGEST_TIMER_MS) : 0;
    this.restart = setTimeout(() => this.start(), wait);
    this.restart.unref();
  }

  private async fail(message: string): Promise<void> {
    const { arena, port, channel } = this;
    const now = arena.tick();
    arena.count(HEADER.FAILED_FLUSHES);
    const failures = await channel.queue.fail(message, (count) => now + backoff(port.delivery, count));
    if (failures === 1)
      warn('RINGMETER_STORAGE_FAILED', `storage ${port.delivery.name}: ${message}; another thread is started`);
  }

  /** Terminates a thread whose event loop does not turn any more. */
  private check(): void {
    const { worker, channel, port } = this;
    const now = this.arena.tick();
    const silence = now - channel.signOfLife;
    if (worker === undefined || silence < Math.max(port.delivery.timeout + WATCH_MS, LEAST_SILENCE_MS)) return;
    this.reason = `its event loop was blocked for ${Math.round(silence)} ms`;
    channel.showLife(now);
    void worker.terminate();
  }

  /** Called when the collector ends: starts the thread at once if a restart is pending; replaces it only once more. */
  end(): void {
    this.lives = LAST_LIVES;
    if (this.restart === undefined) return;
    clearTimeout(this.restart);
    this.start();
  }

  /** Queries the backend. @throws RingmeterError RINGMETER_STORAGE_FAILED, or the code of the backend's own error */
  async query(query: ResolvedQuery): Promise<TimeSeries[]> {
    const { worker, asked } = this;
    const { name, timeout } = this.port.delivery;
    if (worker === undefined)
      throw new RingmeterError('RINGMETER_STORAGE_FAILED', `the thread of storage ${name} is being restarted`);
    const id = randomUUID();
    let late: NodeJS.Timeout | undefined;
    worker.ref();
    const outcome = await new Promise<StorageAnswer['outcome']>((resolve) => {
      asked.set(id, resolve);
      const error = { code: 'RINGMETER_STORAGE_FAILED', message: `no answer from ${name} in ${timeout} ms` } as const;
      late = setTimeout(resolve, timeout, { ok: false, error });
      worker.postMessage({ id, query } satisfies StorageQuestion);
    });
    clearTimeout(late);
    asked.delete(id);
    if (asked.size === 0) worker.unref();
    if (outcome.ok) return outcome.value;
    throw new RingmeterError(outcome.error.code, outcome.error.message);
  }

  /** Asks the thread to park, where it can be terminated safely. */
  askToPark(): void {
    this.parking.ask();
    this.channel.wake();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.watch);
    clearTimeout(this.restart);
    if (this.worker === undefined) return;
    this.askToPark();
    await this.parking.wait(PARK_MS);
    await Promise.race([this.worker.terminate(), sleep(MAX_WAIT_MS, undefined, { ref: false })]);
  }
}
