import type { Arena } from '../arena/arena';
import { HEADER, high } from '../arena/layout';
import { turn } from '../atomics/turn';
import type { Settings } from '../common/settings';
import type { Drainer } from '../drain/drain';
import { Questions } from '../drain/questions';
import { QUARANTINE_MS, Recycler } from '../lifecycle/recycler';
import type { RegisteredFamily } from '../registry/family';
import { type CallbackValue, Collect } from '../snapshot/collect';
import type { TakenSnapshot } from '../snapshot/snapshot';

/** Longest time between collects as a share of the shortest ttl: a series may be removed late by this share. */
const SHARE_OF_TTL = 1 / 8;
const LONGEST_IDLENESS_MS = 30_000;

/** Makes snapshots for all parts of the flushing side on one thread, which share them. */
export class Snapshots {
  private readonly arena: Arena;
  private readonly collect: Collect;
  private readonly recycler: Recycler;
  private running: Promise<TakenSnapshot> | undefined;
  private queued: Promise<TakenSnapshot> | undefined;
  private recycledAt = 0;

  /** @param readings returns the values without cells that are added to every snapshot */
  constructor(
    drainer: Drainer,
    { collectTimeout, quarantine }: Settings,
    private readonly readings: () => readonly CallbackValue[],
  ) {
    this.arena = drainer.arena;
    this.collect = new Collect(this.arena, drainer, new Questions(this.arena, collectTimeout));
    this.recycler = new Recycler(this.arena, drainer, quarantine ?? QUARANTINE_MS);
  }

  /** This thread's copy of the registry, as of its last refresh. */
  get catalog(): Collect['catalog'] {
    return this.collect.catalog;
  }

  /** All metrics that are registered now: refreshes the catalog first. */
  families(): readonly RegisteredFamily[] {
    this.catalog.refresh();
    return this.catalog.families;
  }

  /**
   * A snapshot of everything recorded before the call. Calls during a collect share the next one (coalescing), so any
   * number of concurrent clients cost two collects.
   */
  take(): Promise<TakenSnapshot> {
    if (this.running === undefined) {
      this.collect.readings = this.readings();
      this.running = this.make().finally(() => {
        this.running = undefined;
      });
      return this.running;
    }
    this.queued ??= this.running.then(
      () => this.takeNext(),
      () => this.takeNext(),
    );
    return this.queued;
  }

  /** Lets the event loop turn first: a caller that takes one snapshot after the other must not starve it. */
  private async make(): Promise<TakenSnapshot> {
    await turn();
    return this.collect.snapshot();
  }

  private takeNext(): Promise<TakenSnapshot> {
    this.queued = undefined;
    return this.take();
  }

  /** Milliseconds after which `tick` should be called again. */
  get dueIn(): number {
    return this.idleness || Number.POSITIVE_INFINITY;
  }

  /** Collects if some metric has a ttl and no thread has collected for a while: only a collect finds idle series. */
  tick(): void {
    const { arena, idleness } = this;
    if (idleness === 0 || this.running !== undefined) return;
    if (arena.clock() - this.recycledAt >= idleness) {
      this.recycledAt = arena.clock();
      this.recycler.turn(this.families());
    }
    if (arena.clock() - arena.f64[HEADER.COLLECTED] >= idleness) this.take().catch(() => {});
  }

  /** Longest time in ms between collects, so that series are removed soon after their ttl; 0 = no collect is needed. */
  private get idleness(): number {
    return Math.min(Atomics.load(this.arena.i32, high(HEADER.LIVES)) * SHARE_OF_TTL, LONGEST_IDLENESS_MS);
  }
}
