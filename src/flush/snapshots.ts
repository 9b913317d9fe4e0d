import type { Arena } from '../arena/arena';
import { HEADER, high } from '../arena/layout';
import { turn } from '../atomics/turn';
import type { Settings } from '../common/settings';
import type { Drainer } from '../drain/drain';
import { Questions } from '../drain/questions';
import { QUARANTINE_MS, Recycler } from '../lifecycle/recycler';
import type { Family } from '../registry/catalog';
import { type CallbackValue, Collect } from '../snapshot/collect';
import type { TakenSnapshot } from '../snapshot/snapshot';

/** How often somebody has to collect: by how much of its ttl a series may end too late. */
const SHARE_OF_TTL = 1 / 8;
const LONGEST_IDLENESS_MS = 30_000;

/** Snapshots as all parts of the flushing side on one thread share them. */
export class Snapshots {
  private readonly arena: Arena;
  private readonly collect: Collect;
  private readonly recycler: Recycler;
  private running: Promise<TakenSnapshot> | undefined;
  private queued: Promise<TakenSnapshot> | undefined;
  private recycledAt = 0;

  /** @param readings gives the values that are put into every snapshot, and are kept elsewhere than in cells */
  constructor(
    drainer: Drainer,
    { collectTimeout, quarantine }: Settings,
    private readonly readings: () => readonly CallbackValue[],
  ) {
    this.arena = drainer.arena;
    this.collect = new Collect(this.arena, drainer, new Questions(this.arena, collectTimeout));
    this.recycler = new Recycler(this.arena, drainer, quarantine ?? QUARANTINE_MS);
  }

  /** The metrics that are registered, whether or not a snapshot has been made. */
  get catalog(): Collect['catalog'] {
    return this.collect.catalog;
  }

  /** The metrics that are registered now. */
  families(): readonly Family[] {
    this.catalog.refresh();
    return this.catalog.families;
  }

  /**
   * A snapshot of everything recorded before the call. Calls that come while one is being made share the next, so any
   * number of impatient clients cost two collects.
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

  /** Who asks for one snapshot after the other must not keep the thread's event loop from turning. */
  private async make(): Promise<TakenSnapshot> {
    await turn();
    return this.collect.snapshot();
  }

  private takeNext(): Promise<TakenSnapshot> {
    this.queued = undefined;
    return this.take();
  }

  /** Milliseconds after which `tick` should be called again. */
  get patience(): number {
    return this.idleness || Number.POSITIVE_INFINITY;
  }

  /** Collects, if some metric has a ttl and nobody else has for a while: that is when series are seen to be idle. */
  tick(): void {
    const { arena, idleness } = this;
    if (idleness === 0 || this.running !== undefined) return;
    if (arena.clock() - this.recycledAt >= idleness) {
      this.recycledAt = arena.clock();
      this.recycler.turn(this.families());
    }
    if (arena.clock() - arena.f64[HEADER.COLLECTED] >= idleness) this.take().catch(() => {});
  }

  /** Milliseconds for which nobody has to collect, so that series end not much later than their ttl; 0 = for ever. */
  private get idleness(): number {
    return Math.min(Atomics.load(this.arena.i32, high(HEADER.LIVES)) * SHARE_OF_TTL, LONGEST_IDLENESS_MS);
  }
}
