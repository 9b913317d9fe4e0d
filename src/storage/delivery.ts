import type { Family } from '../aggregate/catalog';
import type { Snapshot } from '../aggregate/snapshot';
import type { Arena } from '../arena/arena';
import { HEADER, high } from '../arena/layout';
import { messageOf } from '../errors';
import { warn } from '../warning';
import { backoff } from './backoff';
import { type Channel, type Queued, STATE } from './channel';
import type { ResolvedDelivery } from './delivery-options';
import type { Attempt, StorageBackend } from './types';

/** What delivering needs to know of the thread it runs on. */
export interface DeliveryHost {
  readonly arena: Arena;
  /** The metrics that are registered now. */
  families(): readonly Family[];
  /** Called when a backend holds on to an attempt after its time is up: only its thread's end gets rid of it. */
  onStuck?(): void;
}

/** What an error may say beside its message. */
interface Details {
  retryable?: boolean;
  retryAfter?: number;
}

/**
 * Takes one storage's snapshots out of its channel, one after the other, and hands them to its backend; on whichever
 * thread has the channel's lease. Failures are tried again with growing delays; nothing here delays anything else.
 */
export class Delivery {
  private running: Promise<void> | undefined;
  private backend: StorageBackend | undefined;

  constructor(
    private readonly channel: Channel,
    private readonly options: ResolvedDelivery,
    private readonly makeBackend: () => StorageBackend | Promise<StorageBackend>,
    private readonly host: DeliveryHost,
  ) {}

  /** Starts what is to be done, if this thread has the lease and is not at it already. Called at every turn of its loop. */
  tick(): void {
    const { channel, host } = this;
    if (this.running !== undefined || channel.state === STATE.CLOSED || !channel.lease()) return;
    const closing = channel.state === STATE.CLOSING;
    if (!closing && !channel.mayTry(host.arena.clock())) return;
    this.running = this.work(closing)
      .catch((error: unknown) => this.warn(messageOf(error)))
      .finally(() => {
        this.running = undefined;
      });
  }

  /** Waits for the attempt that is running. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async work(closing: boolean): Promise<void> {
    while (await this.deliverNext());
    if (!closing) return;
    try {
      if (this.channel.counted('stored') > 0) await this.within((attempt) => this.close(attempt));
    } catch (error) {
      this.warn(`closing failed: ${messageOf(error)}`);
    } finally {
      this.channel.state = STATE.CLOSED;
    }
  }

  /** @returns whether there may be more to do now */
  private async deliverNext(): Promise<boolean> {
    const { channel } = this;
    const queued = channel.next();
    if (queued === undefined) return false;
    if (channel.isFailing) channel.count('retries', 1);
    try {
      await this.within((attempt) => this.attempt(queued, attempt));
    } catch (error) {
      return this.failed(queued, error as Details);
    }
    channel.settle(queued, 'stored');
    return true;
  }

  private async attempt({ snapshot }: Queued, attempt: Attempt): Promise<void> {
    const backend = this.backend ?? (await this.open());
    const families = this.host.families();
    const previous = this.channel.previous();
    const whole: Snapshot = { ...snapshot, families };
    await backend.store(whole, { ...attempt, previous: previous && { ...previous, families } });
  }

  private async open(): Promise<StorageBackend> {
    const backend = await this.makeBackend();
    await backend.open?.();
    this.backend = backend;
    return backend;
  }

  /** Also if another worker, which has ended, stored the snapshots: what is out there has to be closed. */
  private async close({ signal }: Attempt): Promise<void> {
    const backend = this.backend ?? (await this.open());
    await backend.close?.(signal);
  }

  /** Runs something that may take as long as an attempt may. */
  private async within<T>(action: (attempt: Attempt) => Promise<T>): Promise<T> {
    const { timeout } = this.options;
    const controller = new AbortController();
    let late = false;
    let timer: NodeJS.Timeout | undefined;
    const time = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late = true;
        const error = new Error(`it took more than ${timeout} ms`);
        controller.abort(error);
        // what heeds the signal has a moment to fail by itself, with a better message
        setTimeout(reject, GRACE_MS, error).unref();
      }, timeout);
      timer.unref();
    });
    const result = action({ signal: controller.signal });
    try {
      return await Promise.race([result, time]);
    } catch (error) {
      if (late) this.leaveBehind(result);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A backend that still works at an attempt that is over must not be given another. */
  private leaveBehind(result: Promise<unknown>): void {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    result.then(settle, settle);
    setTimeout(() => {
      if (!settled) this.host.onStuck?.();
    }, GRACE_MS).unref();
  }

  /** @returns whether the next snapshot may be tried at once */
  private failed(queued: Queued, error: Details): boolean {
    const { channel, host } = this;
    const now = host.arena.tick();
    const message = messageOf(error);
    Atomics.add(host.arena.i32, high(HEADER.FLUSHES), 1);
    const failures = channel.fail(
      message,
      (count) => now + Math.max(backoff(this.options, count), error.retryAfter ?? 0),
    );
    if (error.retryable === false) {
      channel.settle(queued, 'rejected');
      this.warn(`a snapshot was refused: ${message}`);
      return true;
    }
    if (failures === 1) this.warn(`${message}; it is tried again`);
    return false;
  }

  private warn(message: string): void {
    warn('RINGMETER_STORAGE_FAILED', `storage ${this.options.name}: ${message}`);
  }
}

/** How long something that was told to stop may take to do so. */
const GRACE_MS = 250;
