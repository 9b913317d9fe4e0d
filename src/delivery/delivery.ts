// not the globals: some realms have none, or replace node's timers

import { clearTimeout, setTimeout } from 'node:timers';
import type { Arena } from '../arena/arena';
import { HEADER } from '../arena/layout';
import { turn } from '../atomics/turn';
import { messageOf } from '../common/errors';
import { detailsOf } from '../common/storage-failure';
import { type WarningCode, warn } from '../common/warning';
import type { Family } from '../registry/family';
import { backoff } from './backoff';
import { type Channel, STATE } from './channel';
import type { ResolvedDelivery } from './delivery-options';
import type { Queued } from './delivery-queue';
import type { Attempt, StorageBackend } from './types';

/** The thread that a delivery runs on. */
export interface DeliveryHost {
  readonly arena: Arena;
  /** The metrics that are registered now. */
  families(): readonly Family[];
  /**
   * Called when the thread has to be replaced: the backend ignores the abort of an attempt, or its module could not be
   * loaded, and node caches that failure.
   */
  renew?(): void;
  /** The words of warnings for what is delivered and to what. Default: snapshots to a storage. */
  readonly wording?: DeliveryWording;
}

export interface DeliveryWording {
  readonly code: WarningCode;
  readonly receiver: string;
  readonly item: string;
}

const STORAGE_WORDING: DeliveryWording = {
  code: 'RINGMETER_STORAGE_FAILED',
  receiver: 'storage',
  item: 'snapshot',
};

/** How long a backend may take to react to the abort of an attempt. */
const GRACE_MS = 250;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Passes one storage's snapshots from its queue to its backend, one at a time, on the thread that holds the channel's
 * lease. Failures are retried with backoff; one storage never delays another.
 */
export class Delivery {
  private running: Promise<void> | undefined;
  private backend: StorageBackend | undefined;
  private opening: Promise<StorageBackend> | undefined;
  private isOpen = false;
  /** The error of an attempt that did not end after its abort. */
  private late: Error | undefined;
  /** Whether the last snapshot was rejected: consecutive rejections are warned about once. */
  private refused = false;

  constructor(
    private readonly channel: Channel,
    private readonly options: ResolvedDelivery,
    private readonly makeBackend: () => StorageBackend | Promise<StorageBackend>,
    private readonly host: DeliveryHost,
  ) {}

  /** Starts to deliver if this thread can get the lease and is not delivering yet. Called at every turn of its loop. */
  tick(): void {
    const { channel, host } = this;
    if (this.running !== undefined || channel.state === STATE.CLOSED || !channel.lease()) return;
    const closing = channel.state === STATE.CLOSING;
    if (!closing && (channel.queue.waiting === 0 || host.arena.clock() < channel.queue.nextAttempt)) return;
    this.running = this.work(closing).finally(() => {
      this.running = undefined;
    });
  }

  private async work(closing: boolean): Promise<void> {
    try {
      // a backend that never waits must not starve the thread's other work
      while (await this.deliverNext()) await turn();
      // a thread that has ended may have stored snapshots: the remote side still has to be closed
      if (closing && (this.isOpen || this.channel.queue.counted('stored') > 0))
        await this.within((attempt) => this.close(attempt));
    } catch (error) {
      this.warn(`${closing ? 'closing' : 'delivering'} failed: ${messageOf(error)}`);
    } finally {
      if (closing) this.channel.state = STATE.CLOSED;
    }
  }

  /** @returns whether there may be more to do now */
  private async deliverNext(): Promise<boolean> {
    const { queue } = this.channel;
    const queued = await queue.next();
    if (queued === undefined) return false;
    if (queue.isFailing) queue.count('retries', 1);
    try {
      await this.within((attempt) => this.attempt(queued, attempt));
    } catch (error) {
      return this.failed(queued, error);
    }
    await queue.store(queued);
    this.refused = false;
    return true;
  }

  private async attempt({ snapshot }: Queued, attempt: Attempt): Promise<void> {
    const backend = await this.opened(attempt.signal);
    const families = this.host.families();
    const previous = this.channel.queue.previous();
    await backend.store({ ...snapshot, families }, { ...attempt, previous: previous && { ...previous, families } });
  }

  /** The backend, made and opened at the first call. */
  opened(signal: AbortSignal): Promise<StorageBackend> {
    this.opening ??= this.open(signal).catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  private async open(signal: AbortSignal): Promise<StorageBackend> {
    this.backend ??= await this.makeBackend();
    await this.backend.open?.(signal);
    this.isOpen = true;
    return this.backend;
  }

  private async close({ signal }: Attempt): Promise<void> {
    const backend = await this.opened(signal);
    await backend.close?.(signal);
  }

  /** Runs `action` with the storage's timeout. After the abort it has GRACE_MS to fail with an error of its own. */
  private async within(action: (attempt: Attempt) => Promise<void>): Promise<void> {
    const { timeout } = this.options;
    const controller = new AbortController();
    const message = `it took more than ${timeout} ms`;
    this.late = new Error(message);
    // a separate error object: an action that fails with the signal's reason has reacted to the abort
    const told = setTimeout(() => controller.abort(new Error(message)), timeout).unref();
    let left: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      left = setTimeout(reject, Math.min(timeout + GRACE_MS, LONGEST_TIMER_MS), this.late).unref();
    });
    try {
      await Promise.race([action({ signal: controller.signal }), late]);
    } finally {
      clearTimeout(told);
      clearTimeout(left);
    }
  }

  /** @returns whether the next snapshot may be tried at once */
  private async failed(queued: Queued, error: unknown): Promise<boolean> {
    const { channel, host, options } = this;
    const message = messageOf(error);
    const { retryable, retryAfter } = detailsOf(error);
    host.arena.count(HEADER.FAILED_FLUSHES);
    // an opening that still hangs must not block the next attempt
    if (!this.isOpen) this.opening = undefined;
    if (!retryable) {
      await channel.queue.reject(queued, message);
      if (!this.refused) this.warn(`a ${this.wording.item} was refused and is not sent again: ${message}`);
      this.refused = true;
      return true;
    }
    const now = host.arena.tick();
    const wait = (failures: number): number =>
      Math.max(backoff(options, failures), Math.min(retryAfter, options.queueAge));
    const failures = await channel.queue.fail(message, (count) => now + wait(count));
    if (failures === 1) this.warn(`${message}; the delivery is retried`);
    const isUnresponsive = error === this.late || this.backend === undefined;
    if (isUnresponsive && channel.state === STATE.OPEN) host.renew?.();
    return false;
  }

  private warn(message: string): void {
    const { code, receiver } = this.wording;
    warn(code, `${receiver} ${this.options.name}: ${message}`);
  }

  private get wording(): DeliveryWording {
    return this.host.wording ?? STORAGE_WORDING;
  }
}
