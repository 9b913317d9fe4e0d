import { Sleeper } from '../atomics/signal';
import { turn } from '../atomics/turn';
import { messageOf } from '../common/errors';
import { inRootContext } from '../common/root-context';
import { warn } from '../common/warning';
import type { AlertChange } from './alert-info';
import type { ChangeRing } from './change-ring';
import type { StoredChange } from './documents';
import type { RuleBoard } from './rule-board';

/** Milliseconds after which it polls at the latest: a wake-up can be missed. */
const LOOK_MS = 500;

export type AlertCallback = (change: AlertChange) => unknown;

/** Calls callbacks on the serving thread when alerts change, at a turn of its event loop. Keeps no thread alive. */
export class ChangeListener {
  private readonly callbacks = new Map<symbol, AlertCallback>();
  private readonly sleeper: Sleeper;
  private position: number;
  private stopped = false;
  private reading: Promise<void> = Promise.resolve();

  constructor(
    board: RuleBoard,
    private readonly ring: ChangeRing,
    private readonly describe: (group: number, change: StoredChange) => AlertChange,
  ) {
    this.sleeper = new Sleeper(...board.changed, false);
    this.position = ring.end;
    void inRootContext(() => this.run());
  }

  /** @returns an unsubscribe function */
  add(callback: AlertCallback): () => void {
    const key = Symbol('callback');
    this.callbacks.set(key, callback);
    return () => void this.callbacks.delete(key);
  }

  /** Delivers the pending changes, and then stops. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.sleeper.end();
    await this.tell();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await this.sleeper.sleep(LOOK_MS);
      if (!this.stopped) await this.tell();
    }
  }

  /** Reads the ring one call at a time, so that each change is delivered once. */
  private tell(): Promise<void> {
    this.reading = this.reading.then(() => this.tellNew()).catch(failed);
    return this.reading;
  }

  private async tellNew(): Promise<void> {
    if (this.position === this.ring.end) return;
    const { changes, end, gap } = await this.ring.read(this.position);
    this.position = end;
    if (gap)
      warn(
        'RINGMETER_RULE_FAILED',
        'alert changes were overwritten before onAlert callbacks saw them: this thread was blocked for too long',
      );
    for (const [group, change] of changes) {
      this.call(this.describe(group, change));
      // many changes, or slow callbacks, must not starve timers and sockets
      await turn();
    }
  }

  private call(change: AlertChange): void {
    for (const callback of [...this.callbacks.values()])
      try {
        const result: unknown = callback(change);
        if (result instanceof Promise) result.catch(failed);
      } catch (error) {
        failed(error);
      }
  }
}

function failed(error: unknown): void {
  warn('RINGMETER_RULE_FAILED', `a callback of onAlert failed: ${messageOf(error)}`);
}
