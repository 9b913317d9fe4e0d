import type { Arena } from '../arena/arena';
import { HEADER, high, int, LIFE, LIFE_STATE, PAGE_MASK, PAGE_SHIFT, RECORD, SERIES_FLAG } from '../arena/layout';
import { changeLives, changeState, lifeOf, lifeState, lockLives, showAgain, unlockLives } from '../arena/lives';
import type { Shard } from '../arena/shard';
import type { Drainer } from '../drain/drain';
import type { Definition } from '../kinds/definition';
import { columnCount, kindOf } from '../kinds/kinds';
import type { RegisteredFamily } from '../registry/family';
import { giveBack, isReusable } from '../registry/free-records';
import { unlink } from '../registry/hash-index';
import { readSeries } from '../registry/register';
import { SeriesList } from '../registry/series-list';
import { baselineWords, countsInFlight, isChanged, type RawSeries } from './life';
import { SeriesMerge } from './merge';

/*
 * Reuses the memory of removed series, by epoch-based reclamation. Only for metrics with a ttl, and series without a
 * user's handle: only recording threads (index of label sets, ring) and reading workers refer to such a series.
 *
 * IDLE      Series removed QUARANTINE_MS ago become RETIRING, and the retire sequence is raised. A thread that looks up
 *           such a label set still finds the series, and shows it again.
 * RETIRING  Each recording thread sees the sequence at a publication, and clears its index; at its next publication it
 *           acknowledges: events recorded meanwhile are in its ring by then. After all have, this thread drains all
 *           shards. It removes series without new records: they become GONE, no look-up finds them, and their cells are
 *           zeroed. It shows the others again.
 * LEAVING   After all threads have acknowledged once more, and QUARANTINE_MS for threads that only read, no thread
 *           refers to the records. They go to their family's free list, and may get another key and another birth.
 *
 * A blocked thread delays only the recycling. A thread that has ended has no index. If a thread is terminated in here,
 * the next one repeats the phase: each step is idempotent.
 */
const PHASE = { IDLE: 0, RETIRING: 1, LEAVING: 2 } as const;
const SEQUENCE = int(HEADER.RETIRE);
const PHASE_WORD = high(HEADER.RETIRE);
/** Series that are examined under one hold of the shards' locks. */
const BATCH = 1_024;
const SHARD_MAX_WAIT_MS = 50;

/** Milliseconds from a series' removal to RETIRING, and again from LEAVING to the reuse of its memory. */
export const QUARANTINE_MS = 30_000;

/** One on each collecting thread; the lock of the lives lets one of them run at a time. */
export class Recycler {
  private readonly merge: SeriesMerge;

  constructor(
    private readonly arena: Arena,
    private readonly drainer: Drainer,
    private readonly quarantine: number,
  ) {
    this.merge = new SeriesMerge(arena, drainer.holds);
  }

  /** Goes on to the next phase if its conditions are met. Never waits for long. */
  turn(families: readonly RegisteredFamily[]): void {
    const { arena, drainer } = this;
    if (!lockLives(arena, drainer.mark, 0)) return;
    try {
      const { i32 } = arena;
      const mortal = families.filter(({ definition }) => definition.ttl !== undefined);
      const now = arena.tick();
      const phase = Atomics.load(i32, PHASE_WORD);
      if (phase === PHASE.IDLE) {
        if (this.retire(mortal, now)) this.enter(PHASE.RETIRING, now);
      } else if (!this.allAcknowledged()) return;
      else if (phase === PHASE.RETIRING) {
        if (mortal.every((family) => this.removeRetiring(family))) this.enter(PHASE.LEAVING, now);
      } else if (now - arena.f64[HEADER.RETIRE_SINCE] >= this.quarantine) {
        for (const family of mortal) this.giveBackAll(family);
        Atomics.store(i32, PHASE_WORD, PHASE.IDLE);
      }
    } finally {
      unlockLives(arena);
    }
  }

  private enter(phase: number, now: number): void {
    const { i32, f64 } = this.arena;
    f64[HEADER.RETIRE_SINCE] = now;
    // 0 stands for "never acknowledged"
    if (Atomics.add(i32, SEQUENCE, 1) === -1) Atomics.add(i32, SEQUENCE, 1);
    Atomics.store(i32, PHASE_WORD, phase);
  }

  private allAcknowledged(): boolean {
    const sequence = Atomics.load(this.arena.i32, SEQUENCE);
    return this.drainer.shards.every((shard) => shard.owner === 0 || shard.acknowledged === sequence);
  }

  /** Marks old removed series as RETIRING. @returns whether there are any, or any left from a phase that was cut off */
  private retire(families: readonly RegisteredFamily[], now: number): boolean {
    const { arena } = this;
    let found = false;
    for (const { series } of families)
      for (let index = 0; index < series.count; index++) {
        const record = series.records[index];
        const life = lifeOf(arena, record);
        if (life === 0 || isKept(arena, record)) continue;
        const state = lifeState(arena, life);
        const isLeft = (state & (LIFE_STATE.RETIRING | LIFE_STATE.GONE)) !== 0 && (state & LIFE_STATE.LISTED) === 0;
        const isOld = now - arena.f64[life + LIFE.SINCE] >= this.quarantine && isReusable(arena, record);
        if (isLeft) found = true;
        else if ((state & (LIFE_STATE.HIDDEN | LIFE_STATE.GONE)) === LIFE_STATE.HIDDEN && isOld)
          found = changeState(arena, life, state, bitsOf(state) | LIFE_STATE.RETIRING) || found;
      }
    return found;
  }

  /** Makes the retiring series of a family GONE, or shows them again. @returns whether all of them are done */
  private removeRetiring(family: RegisteredFamily): boolean {
    const { arena, drainer } = this;
    const { definition } = family;
    const values = new Float64Array(BATCH * columnCount(definition));
    for (const list of this.leftOf(family)) {
      const shards = drainer.used();
      let complete = false;
      drainer.withDrained(shards, SHARD_MAX_WAIT_MS, () => {
        // the cells must have all events recorded before the acknowledgements, and nobody may write them now
        if (!shards.every(drainer.holds) || drainer.used().length !== shards.length || !this.allAcknowledged()) return;
        this.merge.shards = shards;
        const onSeries = (raw: RawSeries): void => this.removeOne(definition, raw, shards);
        values.fill(0);
        changeLives(arena, () => this.merge.into(values, list, definition, { onSeries }));
        complete = true;
      });
      if (!complete) return false;
    }
    return true;
  }

  private removeOne(definition: Definition, raw: RawSeries, shards: readonly Shard[]): void {
    const { arena } = this;
    const { record } = raw;
    const life = lifeOf(arena, record);
    const state = lifeState(arena, life);
    if ((state & LIFE_STATE.GONE) === 0) {
      // another thread has shown the series again, or has taken a handle
      if ((state & LIFE_STATE.RETIRING) === 0) return;
      const isUsed = isKept(arena, record) || countsInFlight(arena, raw);
      if (isUsed || isChanged(arena, life, state, definition, raw.activity)) {
        showAgain(arena, record);
        return;
      }
      if (!changeState(arena, life, state, (bitsOf(state) & ~LIFE_STATE.RETIRING) | LIFE_STATE.GONE)) return;
      // a thread that takes a handle sets PINNED first and then checks GONE; this side does both in the other order
      if (isKept(arena, record)) {
        changeState(arena, life, lifeState(arena, life), bitsOf(state) & ~LIFE_STATE.RETIRING);
        showAgain(arena, record);
        return;
      }
    }
    unlink(arena, record);
    this.zero(definition, arena.i32[high(record + RECORD.SERIES)], life, shards);
  }

  /** Zeroes the cells, except the words that the kind keeps, and both baselines. */
  private zero(definition: Definition, id: number, life: number, shards: readonly Shard[]): void {
    const { i32, f64 } = this.arena;
    const words = kindOf(definition).clearedWords(definition);
    for (const { cells, overflowCells } of shards)
      for (const table of [cells, overflowCells]) {
        const page = i32[table + (id >>> PAGE_SHIFT)];
        const cell = page + (id & PAGE_MASK);
        if (page !== 0) f64.fill(0, cell, cell + words);
      }
    f64.fill(0, life + LIFE.BASELINES, life + LIFE.BASELINES + 2 * baselineWords(definition));
  }

  /** The series of a family that are RETIRING, or GONE and not LISTED, BATCH at a time; columns begin at 0 in each. */
  private *leftOf({ definition, series }: RegisteredFamily): Generator<SeriesList> {
    const { arena } = this;
    const width = columnCount(definition);
    let list = new SeriesList();
    for (let index = 0; index < series.count; index++) {
      const record = series.records[index];
      const life = lifeOf(arena, record);
      const state = life === 0 ? 0 : lifeState(arena, life);
      if ((state & (LIFE_STATE.RETIRING | LIFE_STATE.GONE)) === 0 || (state & LIFE_STATE.LISTED) !== 0) continue;
      list.add({ ...readSeries(arena, record), column: list.count * width, birth: 0 });
      if (list.count < BATCH) continue;
      yield list;
      list = new SeriesList();
    }
    if (list.count > 0) yield list;
  }

  private giveBackAll({ series }: RegisteredFamily): void {
    const { arena } = this;
    for (let index = 0; index < series.count; index++) {
      const record = series.records[index];
      const life = lifeOf(arena, record);
      const state = life === 0 ? 0 : lifeState(arena, life);
      if ((state & LIFE_STATE.GONE) === 0 || (state & LIFE_STATE.LISTED) !== 0) continue;
      // set LISTED first, so that the record cannot get on the free list twice
      if (changeState(arena, life, state, bitsOf(state) | LIFE_STATE.LISTED)) giveBack(arena, record);
    }
  }
}

const bitsOf = (state: number): number => state & (LIFE_STATE.CHANGE - 1);

/** Whether a series' memory is never used again: a user has a handle, or it is the one beyond the limit. */
function isKept({ i32 }: Arena, record: number): boolean {
  const flags = SERIES_FLAG.PINNED | SERIES_FLAG.BEYOND;
  return (Atomics.load(i32, high(record + RECORD.SERIES_LIFE)) & flags) !== 0;
}
