import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from '../arena/arena';
import { HEADER, int } from '../arena/layout';
import { tryLock, unlock } from '../atomics/mutex';
import { type Drainer, SETTLE_MS } from '../drain/drain';
import type { Questions } from '../drain/questions';
import { kindOf } from '../kinds/kinds';
import { Lifetimes } from '../lifecycle/lifetimes';
import { Catalog } from '../registry/catalog';
import { columnsUsed } from '../registry/directory';
import type { TakenSnapshot } from './snapshot';

/** How long a collect waits for a shard's lock; a holder that lives needs far less than a millisecond. */
const PATIENCE_MS = 100;

const TURN = int(HEADER.COLLECT_LOCK);
const BEGUN = int(HEADER.COLLECTS_BEGUN);
/** How long a collect waits at first for another thread's to end: a million series take some tens of milliseconds. */
const TURN_PATIENCE_MS = 250;

/** A value of the library's own, read when a snapshot is made. */
export interface CallbackValue {
  /** Column of its series. */
  readonly column: number;
  readonly read: () => number;
}

/** Adds up the shards into snapshots. One per thread that collects. */
export class Collect {
  readonly catalog: Catalog;
  /** Values that are kept elsewhere than in cells, and put into every snapshot. */
  readings: readonly CallbackValue[] = [];
  private readonly lifetimes: Lifetimes;
  /** Milliseconds; tests have less. */
  private readonly turnPatience: number = TURN_PATIENCE_MS;

  constructor(
    private readonly arena: Arena,
    private readonly drainer: Drainer,
    /** Left out where nobody's collect-time values are asked for. */
    private readonly questions?: Questions,
  ) {
    this.catalog = new Catalog(arena);
    this.lifetimes = new Lifetimes(arena, drainer);
  }

  /**
   * Everything recorded before the call, by whichever thread: events that their thread has written but not published
   * (it may be blocked) are waited for until their stores have settled, a few milliseconds. Before that, threads are asked
   * for their collect-time values.
   */
  async snapshot(): Promise<TakenSnapshot> {
    await this.questions?.ask(this.drainer.used());
    const glance = this.drainer.glance();
    while (glance.unpublished && performance.now() - glance.takenAt < SETTLE_MS) await sleep(SETTLE_MS);
    this.drainer.trust(glance);
    for (let patience = this.turnPatience; ; patience *= 2) {
      const hasTurn = await this.takeTurn(patience);
      try {
        const snapshot = this.snapshotNow();
        if (snapshot !== undefined) return snapshot;
      } finally {
        if (hasTurn) unlock(this.arena.i32, TURN);
      }
    }
  }

  /**
   * One thread collects at a time: of two that let each other in between two metrics, each would have something that is
   * older than what the other one has.
   *
   * @returns false if the turn did not come in time: whoever has it has no processor, is stopped or has died, or there are
   *   very many series. Then who began first begins again
   */
  private async takeTurn(patience: number): Promise<boolean> {
    const { arena, drainer } = this;
    const deadline = performance.now() + patience;
    while (!tryLock(arena.i32, TURN, drainer.mark)) {
      if (performance.now() > deadline) return false;
      await sleep(1);
    }
    return true;
  }

  /** @returns undefined if another thread began to collect meanwhile: its snapshot may have something older, and be later */
  private snapshotNow(): TakenSnapshot | undefined {
    const { arena, catalog, drainer, lifetimes } = this;
    arena.tick();
    catalog.refresh();
    // after the catalog was read: every series in it has its columns
    const values = new Float64Array(columnsUsed(arena));
    const shards = drainer.used();
    lifetimes.shards = shards;
    let turn = 0;
    let takenAt = 0;
    let timestamp = 0;
    drainer.withDrained(shards, PATIENCE_MS, (breathe) => {
      // while the locks are held: whoever takes a later snapshot has a later time
      turn = Atomics.add(arena.i32, BEGUN, 1) + 1;
      takenAt = arena.tick();
      timestamp = Date.now();
      arena.f64[HEADER.COLLECTED] = takenAt;
      for (const family of catalog.families) {
        const { definition, series } = family;
        const slice = kindOf(definition).seriesAtOnce;
        for (let from = 0; from < series.count; from += slice) {
          lifetimes.collect(values, series, family, from, Math.min(from + slice, series.count), takenAt);
          breathe();
        }
      }
    });
    if (Atomics.load(arena.i32, BEGUN) !== (turn | 0)) return undefined;
    for (const { column, read } of this.readings) if (column < values.length) values[column] = read();
    arena.count(HEADER.COLLECTS);
    return { timestamp, takenAt, families: catalog.families, births: catalog.births, values };
  }
}
