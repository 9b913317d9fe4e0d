import { lock, lookForHolder, takeOver, tryLock, unlock } from '../atomics/mutex';
import { loadLast } from '../atomics/sequence-lock';
import { waitFor } from '../atomics/wait';
import type { Arena } from './arena';
import { HEADER, high, int, LIFE_STATE, RECORD, SERIES_FLAG, LIFE as WORDS } from './layout';

/*
 * Who may end and begin lives of series, and how others read beside that.
 *
 * A life ends while its series' cells are read and its baseline is written: whoever adds up cells without the shards' locks
 * must not do so half before and half after that, or what is recorded in between would count in both lives. So the word
 * HEADER.LIVES is odd while lives are being ended, and a reader that sees it move reads again.
 *
 * Guarantees: one thread at a time changes lives. One that is terminated meanwhile leaves each series in its old life or
 *   in its new one, and is put out by whoever hears of its end.
 * Progress: readers wait a tenth of a second at most, for one that lost its processor, and then take what there is.
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
 * Runs what reads cells and ends lives. Only the lock's holder calls this. As in sequence-lock.ts, this side begins with a
 * read-modify-write of the word and readers end with one, so that no plain load of theirs is delayed past the check.
 */
export function changeLives<T>({ i32 }: Arena, change: () => T): T {
  Atomics.or(i32, SEQUENCE, 1);
  try {
    return change();
  } finally {
    Atomics.add(i32, SEQUENCE, 1);
  }
}

/** How often a reader reads again, and how long it waits for one that ends lives. */
const ATTEMPTS = 4;
const NAPS = 100;
const NAPS_BEFORE_LOOK = 8;
const NAP_MS = 1;

/** Runs what reads cells and baselines, until no life ended meanwhile. It must overwrite what it read before. */
export function readLives({ i32 }: Arena, read: () => void): void {
  let naps = 0;
  for (let attempt = 1; ; attempt++) {
    let before = Atomics.load(i32, SEQUENCE);
    for (; (before & 1) !== 0 && naps < NAPS; before = Atomics.load(i32, SEQUENCE), naps++) {
      waitFor(i32, SEQUENCE, before, NAP_MS);
      if (naps === NAPS_BEFORE_LOOK) lookForHolder(i32, LOCK);
    }
    read();
    if (loadLast(i32, SEQUENCE) === before || attempt === ATTEMPTS) return;
  }
}

/** Puts an ended thread out of the lock. */
export function buryLives({ i32 }: Arena, deadMark: number, mark: number): void {
  if (!takeOver(i32, LOCK, deadMark, mark)) return;
  if ((Atomics.load(i32, SEQUENCE) & 1) !== 0) Atomics.add(i32, SEQUENCE, 1);
  unlock(i32, LOCK);
}

/** Pointer to a series' life, 0 if it was never removed nor reset, and has no ttl. */
export function lifeOf({ i32 }: Arena, record: number): number {
  return Atomics.load(i32, int(record + RECORD.SERIES_LIFE));
}

export function lifeState({ i32 }: Arena, life: number): number {
  return Atomics.load(i32, int(life + WORDS.STATE));
}

/** The same, after plain loads that are good only if the state has not changed: see `loadLast`. */
export function lastLifeState({ i32 }: Arena, life: number): number {
  return loadLast(i32, int(life + WORDS.STATE));
}

/** Changes a state, if it is still `from`. Returns whether it was. */
export function changeState({ i32 }: Arena, life: number, from: number, bits: number): boolean {
  const to = ((from | (LIFE_STATE.CHANGE - 1)) + 1) | bits | 0;
  return Atomics.compareExchange(i32, int(life + WORDS.STATE), from, to) === from;
}

/** Whether a series has been removed, as far as anybody has noted: it may have been recorded again since. */
export function isHidden(arena: Arena, record: number): boolean {
  const life = lifeOf(arena, record);
  return life !== 0 && (lifeState(arena, life) & LIFE_STATE.HIDDEN) !== 0;
}

/** Whether a series' memory is waiting to be used again: nothing of it means anything. */
export function isGone(arena: Arena, record: number): boolean {
  const life = lifeOf(arena, record);
  return life !== 0 && (lifeState(arena, life) & LIFE_STATE.GONE) !== 0;
}

/** Whether any series of a family has a life. While none has, nobody need look at its records. */
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
  // first, so that whoever can find the life looks for it
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

/** Lets the next collect take whatever it sees as new: only from then on is a series idle, however late the clock was. */
export function beginAnew({ f64 }: Arena, life: number): void {
  f64[life + WORDS.ACTIVITY] = Number.NaN;
}

/** Makes a record that was gone a hidden one, from zero. The thread that took it off the list calls this. */
export function revive(arena: Arena, record: number): void {
  const life = lifeOf(arena, record);
  const state = lifeState(arena, life);
  beginAnew(arena, life);
  changeState(arena, life, state, (state & LIFE_STATE.SECOND) | LIFE_STATE.BASED | LIFE_STATE.HIDDEN);
}

/** Makes a record that nobody can find one that is gone. */
export function abandon(arena: Arena, record: number): void {
  const life = lifeOf(arena, record);
  const state = lifeState(arena, life);
  changeState(arena, life, state, (state & LIFE_STATE.SECOND) | LIFE_STATE.BASED | LIFE_STATE.HIDDEN | LIFE_STATE.GONE);
}

/** Shows a removed series again, from zero. Any thread. Returns whether it was this call that did it. */
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
