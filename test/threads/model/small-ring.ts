import type { Arena } from '../../../dist/src/arena/arena.js';
import { OPERATION, OPERATION_SHIFT, SHARD } from '../../../dist/src/arena/layout.js';
import { begin, definitionOf, makeArena } from '../bench';
import { core } from './mutant';
import { wanted } from './protocol';

/** As few as a ring may have: then each event is published by the next one. */
const SLOTS = 4;
export const CODE = OPERATION.COUNTER_ADD << OPERATION_SHIFT;

/** Events that the ring has had: their count passes 2^31 in the lap that begins. */
const START = 2 ** 31 - 2;

/** What stands in the slots from the lap before: who takes it for a new event adds far too much. */
const STALE = 2 ** 40;

/** The value of one event: each is a digit of the sum, which tells what has been folded once, twice or not at all. */
export const digit = (event: number): number => 10 ** event;

/** A ring that has gone round, in which some events wait; the positions pass 2^31 in the next lap. */
export function ringOf(waiting: number): { arena: Arena; id: number } {
  const arena = makeArena(SLOTS, 1);
  const definition = definitionOf('counter');
  const family = core.register.registerFamily(arena, definition);
  const { id } = core.register.registerSeries(arena, family, definition, wanted('a')).series;
  const [shard] = core.shard.openShards(arena);
  begin(shard, START - SLOTS);
  const recorder = new core.recorder.Recorder(arena, 'fold');
  for (let event = 0; event < SLOTS; event++) recorder.record(CODE | id, 0, STALE);
  recorder.publish();
  new core.drain.Drainer(arena, 1).drainAll();
  arena.f64[core.fold.cellOf(arena, shard.cells, id)] = 0;
  for (let event = 0; event < waiting; event++) recorder.record(CODE | id, 0, digit(event));
  recorder.close();
  return { arena, id };
}

/** What has been folded of a series, in the ring's cells and in those of the ring's owner, and how many events. */
function foldedOf(own: Arena, id: number): { sum: number; count: number } {
  const [{ cells, overflowCells, base }] = core.shard.openShards(own);
  const { f64 } = own;
  const sum = [cells, overflowCells].reduce((all, table) => all + f64[core.fold.cellOf(own, table, id)], 0);
  return { sum, count: f64[base + SHARD.FOLDED_IN_PLACE] + f64[base + SHARD.FOLDED] - START };
}

/** What is wrong if not each of so many events has been folded once. */
export function problemOf(own: Arena, id: number, events: number): string | undefined {
  const { sum, count } = foldedOf(own, id);
  const expected = Array.from({ length: events }, (_, event) => digit(event)).reduce((a, b) => a + b);
  return sum === expected && count === events ? undefined : `${count} events, ${sum} instead of ${expected}`;
}
