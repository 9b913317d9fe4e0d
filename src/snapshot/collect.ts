import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from '../arena/arena';
import { columnsUsed } from '../arena/columns';
import { HEADER, int } from '../arena/layout';
import { tryLock, unlock } from '../atomics/mutex';
import { type Drainer, VISIBILITY_MS } from '../drain/drain';
import type { Questions } from '../drain/questions';
import { kindOf } from '../kinds/kinds';
import { Lifetimes } from '../lifecycle/lifetimes';
import { type Cut, momentOf } from '../lifecycle/moment';
import { Catalog } from '../registry/catalog';
import type { TakenSnapshot } from './snapshot';

/** How long a collect waits for a shard's lock; a running holder releases it in far less than a millisecond. */
const MAX_WAIT_MS = 100;

const TURN = int(HEADER.COLLECT_LOCK);
const BEGUN = int(HEADER.COLLECTS_BEGUN);
/** How long a collect first waits for another thread's collect: a million series take some tens of milliseconds. */
const TURN_MAX_WAIT_MS = 250;

/** A value of one of the library's own metrics, read when a snapshot is made. */
export interface CallbackValue {
  /** Column of its series. */
  readonly column: number;
  readonly read: () => number;
}

/** Merges the shards into snapshots. One per collecting thread. */
export class Collect {
  readonly catalog: Catalog;
  /** Values that have no cells; each is read for every snapshot. */
  readings: readonly CallbackValue[] = [];
  private readonly lifetimes: Lifetimes;
  /** Milliseconds; tests set less. */
  private readonly maxTurnWait: number = TURN_MAX_WAIT_MS;

  constructor(
    private readonly arena: Arena,
    private readonly drainer: Drainer,
    /** Undefined where a collect does not ask threads for collect-time values. */
    private readonly questions?: Questions,
  ) {
    this.catalog = new Catalog(arena);
    this.lifetimes = new Lifetimes(arena, drainer);
  }

  /**
   * A snapshot of everything that any thread recorded before the call. First it asks the threads for their collect-time
   * values. If a thread has written events without publishing them (it may be blocked), it then waits a few
   * milliseconds, until these stores are visible.
   */
  async snapshot(): Promise<TakenSnapshot> {
    await this.questions?.ask(this.drainer.used());
    const written = this.drainer.readHeads();
    while (written.unpublished && performance.now() - written.takenAt < VISIBILITY_MS) await sleep(VISIBILITY_MS);
    this.drainer.acceptHeads(written);
    for (let maxWait = this.maxTurnWait; ; maxWait *= 2) {
      const hasTurn = await this.takeTurn(maxWait);
      try {
        const snapshot = this.snapshotNow();
        if (snapshot !== undefined) return snapshot;
      } finally {
        if (hasTurn) unlock(this.arena.i32, TURN);
      }
    }
  }

  /**
   * Lets one thread collect at a time: if two collects interleaved, metric by metric, neither snapshot would be the
   * newer one in all of its values.
   *
   * @returns false if the lock was not free in time: its holder was descheduled, stopped or has died, or there are very
   *   many series. Then this thread collects all the same, and the collect that began first is repeated
   */
  private async takeTurn(maxWait: number): Promise<boolean> {
    const { arena, drainer } = this;
    const deadline = performance.now() + maxWait;
    while (!tryLock(arena.i32, TURN, drainer.mark)) {
      if (performance.now() > deadline) return false;
      await sleep(1);
    }
    return true;
  }

  /** @returns undefined if another collect began meanwhile: that snapshot is later, and yet may have older values */
  private snapshotNow(): TakenSnapshot | undefined {
    const { arena, catalog, drainer, lifetimes } = this;
    arena.tick();
    catalog.refresh();
    // after `refresh`: every series in the catalog has been given its columns by then
    const values = new Float64Array(columnsUsed(arena));
    const shards = drainer.used();
    lifetimes.shards = shards;
    let turn = 0;
    const { births } = catalog;
    let cut: Cut = { takenAt: 0, timestamp: 0, births };
    drainer.withDrained(shards, MAX_WAIT_MS, (letWaitersIn) => {
      // under the locks, so that a later snapshot always has a later time
      turn = Atomics.add(arena.i32, BEGUN, 1) + 1;
      cut = { ...momentOf(arena), births };
      arena.f64[HEADER.COLLECTED] = cut.takenAt;
      for (const family of catalog.families) {
        const { definition, series } = family;
        const slice = kindOf(definition).seriesAtOnce;
        for (let from = 0; from < series.count; from += slice) {
          lifetimes.collect(values, series, family, { from, to: Math.min(from + slice, series.count) }, cut);
          letWaitersIn();
        }
      }
    });
    if (Atomics.load(arena.i32, BEGUN) !== (turn | 0)) return undefined;
    for (const { column, read } of this.readings) if (column < values.length) values[column] = read();
    arena.count(HEADER.COLLECTS);
    return { ...cut, families: catalog.families, values };
  }
}
