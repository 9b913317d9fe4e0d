import { lock, lookForHolder, takeOver, tryLock, unlock } from '../atomics/mutex';
import { loadLast } from '../atomics/sequence-lock';
import { waitFor } from '../atomics/wait';
import type { Arena } from './arena';
import { allocateColumns } from './columns';
import { HEADER, high, int, LIFE_STATE, RECORD, SERIES_FLAG, LIFE as WORDS } from './layout';

/*
 * The lock under which lives of series begin and end, and the sequence number for reading without it. A life lasts from
 * a series' first record to its removal or reset. At its end the values so far become a baseline to be subtracted.
 *
 * The lock's holder reads cells and stores baselines while HEADER.LIVES is odd. A reader without the shards' locks
 * repeats its read if the word has changed: cells and baselines of different moments count records in both lives.
 *
 * Guarantees: one thread at a time changes lives. If it is terminated meanwhile, each series is in its old life or in
 *   its new one, and the thread that is told of its end frees the lock (`recoverLives`).
 * Progress: a reader waits 100 ms at most for a lock holder that was descheduled, and then keeps its last copy.
 */
const LOCK = int(HEADER.LIVES_LOCK);
const SEQUENCE = int(HEADER.LIVES);

/** Takes the lock, waiting until `deadline` (by performance.now()); 0 does not wait. Returns whether it was taken. */
export function lockLives({ i32 }: Arena, mark: number, deadline: number): boolean {
  return deadline === 0 ? tryLock(i32, LOCK, mark) : lock(i32, LOCK, mark, deadline);
}

/** Only the lock's holder calls this. */
export function unlockLives({ i32 }: Arena): void {
  unlock(i32, LOCK);
}

/**
 * Runs `change`, which reads cells and ends lives. Only the lock's holder calls this. As in sequence-lock.ts, it begins
 * with a read-modify-write of the word and readers end with one: none of their plain loads is delayed past the check.
 */
export function changeLives<T>({ i32 }: Arena, change: () => T): T {
  Atomics.or(i32, SEQUENCE, 1);
  try {
    return change();
  } finally {
    Atomics.add(i32, SEQUENCE, 1);
  }
}

/** How often a reader tries, how often it sleeps while lives are being ended, and when it checks for a dead holder. */
const ATTEMPTS = 4;
const WAITS = 100;
const WAITS_BEFORE_CHECK = 8;
const WAIT_MS = 1;

/** Repeats `read` of cells and baselines until no life has ended meanwhile. `read` must overwrite old results. */
export function readLives({ i32 }: Arena, read: () => void): void {
  let waits = 0;
  for (let attempt = 1; ; attempt++) {
    let before = Atomics.load(i32, SEQUENCE);
    for (; (before & 1) !== 0 && waits < WAITS; before = Atomics.load(i32, SEQUENCE), waits++) {
      waitFor(i32, SEQUENCE, before, WAIT_MS);
      if (waits === WAITS_BEFORE_CHECK) lookForHolder(i32, LOCK);
    }
    read();
    if (loadLast(i32, SEQUENCE) === before || attempt === ATTEMPTS) return;
  }
}

/** Cleans up after an ended thread: if it held the lock, makes the sequence even again and releases the lock. */
export function recoverLives({ i32 }: Arena, deadMark: number, mark: number): void {
  if (!takeOver(i32, LOCK, deadMark, mark)) return;
  if ((Atomics.load(i32, SEQUENCE) & 1) !== 0) Atomics.add(i32, SEQUENCE, 1);
  unlock(i32, LOCK);
}

/** Pointer to a series' life, 0 if it was never removed nor reset, and has no ttl. */
export function lifeOf({ i32 }: Arena, record: number): number {
  return Atomics.load(i32, int(record + RECORD.SERIES_LIFE));
}

/** The column of a snapshot that has the start of a series, if that is not the one of its record; 0 elsewhere. */
export function startColumn({ i32 }: Arena, life: number): number {
  return i32[high(life + WORDS.STATE)];
}

export function lifeState({ i32 }: Arena, life: number): number {
  return Atomics.load(i32, int(life + WORDS.STATE));
}

/** The state, loaded after plain loads that are valid only if the state has not changed: see `loadLast`. */
export function lastLifeState({ i32 }: Arena, life: number): number {
  return loadLast(i32, int(life + WORDS.STATE));
}

/** Changes a state, if it is still `from`. Returns whether it was. */
export function changeState({ i32 }: Arena, life: number, from: number, bits: number): boolean {
  const to = ((from | (LIFE_STATE.CHANGE - 1)) + 1) | bits | 0;
  return Atomics.compareExchange(i32, int(life + WORDS.STATE), from, to) === from;
}

/** Whether a series is marked as removed. It may have been recorded again since: the next collect then shows it. */
export function isHidden(arena: Arena, record: number): boolean {
  const life = lifeOf(arena, record);
  return life !== 0 && (lifeState(arena, life) & LIFE_STATE.HIDDEN) !== 0;
}

/** Whether a series is gone: its record waits to be reused, and its contents are meaningless. */
export function isGone(arena: Arena, record: number): boolean {
  const life = lifeOf(arena, record);
  return life !== 0 && (lifeState(arena, life) & LIFE_STATE.GONE) !== 0;
}

/** Whether any series of a family has a life. While none has, readers need not look at the records. */
export function hasLives({ i32 }: Arena, family: number): boolean {
  return Atomics.load(i32, int(family + RECORD.FAMILY_LIVES)) !== 0;
}

/** Gives a series a life, if there is memory. Only the holder of the lock calls this. @returns the pointer, or 0 */
export function makeLife(arena: Arena, family: number, record: number, baselineWords: number): number {
  const known = lifeOf(arena, record);
  if (known !== 0) return known;
  const life = arena.allocate(WORDS.BASELINES + 2 * baselineWords);
  if (life === 0) return 0;
  arena.f64[life + WORDS.SINCE] = arena.clock();
  arena.i32[high(life + WORDS.STATE)] = allocateColumns(arena, 1);
  // Count it before publishing it: a reader that sees no lives in the family does not look for this one.
  Atomics.add(arena.i32, int(family + RECORD.FAMILY_LIVES), 1);
  Atomics.store(arena.i32, int(record + RECORD.SERIES_LIFE), life);
  return life;
}

/** Int32Array index of a family's number of series that are not removed, the one beyond the limit not counted. */
export function membersOf(family: number): number {
  return high(family + RECORD.FAMILY_TYPE);
}

/** Int32Array index of the number of all series that are not removed. */
export const SERIES_COUNT = high(HEADER.REGISTERED);

/** Counts a series that has been removed (-1) or has come back (1). */
export function countSeries({ i32 }: Arena, record: number, change: 1 | -1): void {
  Atomics.add(i32, SERIES_COUNT, change);
  if ((i32[high(record + RECORD.SERIES_LIFE)] & SERIES_FLAG.BEYOND) === 0)
    Atomics.add(i32, membersOf(i32[int(record + RECORD.SERIES)]), change);
}

/** Makes the next collect see the series as changed: its idle time (ttl) starts there, even if the clock is late. */
export function beginAnew({ f64 }: Arena, life: number): void {
  f64[life + WORDS.ACTIVITY] = Number.NaN;
}

/** Changes a record from gone to hidden, from zero. Called by the thread that took it off the free list. */
export function revive(arena: Arena, record: number): void {
  const life = lifeOf(arena, record);
  const state = lifeState(arena, life);
  beginAnew(arena, life);
  changeState(arena, life, state, (state & LIFE_STATE.SECOND) | LIFE_STATE.BASED | LIFE_STATE.HIDDEN);
}

/** Marks a record as gone that no other thread can find. */
export function abandon(arena: Arena, record: number): void {
  const life = lifeOf(arena, record);
  const state = lifeState(arena, life);
  changeState(arena, life, state, (state & LIFE_STATE.SECOND) | LIFE_STATE.BASED | LIFE_STATE.HIDDEN | LIFE_STATE.GONE);
}

/** Shows a removed series again, from zero. Any thread. Returns whether this call did it, not another thread's. */
export function showAgain(arena: Arena, record: number): boolean {
  const life = lifeOf(arena, record);
  while (life !== 0 && isHidden(arena, record)) {
    const state = lifeState(arena, life);
    if ((state & LIFE_STATE.HIDDEN) === 0 || (state & LIFE_STATE.GONE) !== 0) return false;
    beginAnew(arena, life);
    if (!changeState(arena, life, state, state & (LIFE_STATE.SECOND | LIFE_STATE.BASED))) continue;
    countSeries(arena, record, 1);
    return true;
  }
  return false;
}
