import type { Arena } from '../arena/arena';
import { FAMILY_STATE, high, int, RECORD } from '../arena/layout';
import type { Definition } from '../kinds/definition';
import { sampleNames } from '../kinds/kinds';
import { familyState } from './directory';
import { findFamily, readDefinition } from './register';

/*
 * A histogram `x` shows lines `x_sum`, `x_count`, `x_bucket`: no other metric may have those names. A check before the
 * registration does not suffice, since two threads may register two such rivals at once. So a family "stands" (is valid
 * and shown) only after it was published, then searched for rivals, and found none that stands or may yet stand.
 *
 * Guarantee: of two rivals at most one stands. Each searches after it was published, so at least one of them finds the
 *   other. While both are open, the one at the later place of the directory gives way, and the other one may refuse it.
 * Progress: no thread waits. A thread that asks for a family decides on it, also in place of a thread that has died.
 */

/** The families that show a line of the same name as a family of this definition. */
function rivalsOf(arena: Arena, { name, type }: Pick<Definition, 'name' | 'type'>): number[] {
  const rivals = sampleNames({ name, type }).map((line) => (line === name ? 0 : findFamily(arena, line)));
  const base = name.replace(/_(bucket|sum|count)$/, '');
  const family = base === name ? 0 : findFamily(arena, base);
  if (family !== 0 && sampleNames(readDefinition(arena, family)).includes(name)) rivals.push(family);
  return rivals.filter((rival) => rival !== 0);
}

/** The name of a metric that conflicts with a definition; undefined if there is none. */
export function findRival(arena: Arena, definition: Pick<Definition, 'name' | 'type'>): string | undefined {
  const rival = rivalsOf(arena, definition).find((family) => decide(arena, family));
  return rival === undefined ? undefined : readDefinition(arena, rival).name;
}

/** Decides whether a family stands, if that is still open. Returns whether it stands. */
export function decide(arena: Arena, family: number): boolean {
  if (stands(arena, family)) return true;
  // the rival because of which it was refused may have been refused itself since then
  change(arena, family, FAMILY_STATE.REFUSED, FAMILY_STATE.OPEN);
  const rivals = rivalsOf(arena, readDefinition(arena, family));
  const isLater = (rival: number): boolean => placeOf(arena, rival) > placeOf(arena, family);
  const givesWay =
    rivals.some((rival) => (isLater(rival) ? stands(arena, rival) : decide(arena, rival))) ||
    rivals.some((rival) => isLater(rival) && !refuse(arena, rival));
  change(arena, family, FAMILY_STATE.OPEN, givesWay ? FAMILY_STATE.REFUSED : FAMILY_STATE.STANDS);
  return stands(arena, family);
}

function stands(arena: Arena, family: number): boolean {
  return familyState(arena, family) === FAMILY_STATE.STANDS;
}

/** Refuses a family. Returns false if it stands already. */
function refuse(arena: Arena, family: number): boolean {
  change(arena, family, FAMILY_STATE.OPEN, FAMILY_STATE.REFUSED);
  return !stands(arena, family);
}

/** Changes a family's state, if it is still `from`. */
function change({ i32 }: Arena, family: number, from: number, to: number): void {
  Atomics.compareExchange(i32, high(family + RECORD.FAMILY_PLACE), from, to);
}

function placeOf(arena: Arena, family: number): number {
  return arena.i32[int(family + RECORD.FAMILY_PLACE)];
}
