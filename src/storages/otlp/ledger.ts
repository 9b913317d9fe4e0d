import { sharedMemory } from '../../atomics/shared-memory';
import type { Snapshot } from '../../snapshot/snapshot';

/*
 * Words of the ledger, all float64:
 *
 *     0  started             wall-clock milliseconds when the collector began
 *     1  timestamp           of the last snapshot that the receiver accepted completely
 *     2  fingerprint         of the same snapshot
 *     3  generation          counts the completely accepted snapshots; entries of another generation are void
 *     8  values, by column; then times and generations, by birth: series accepted since then
 */
const STARTED = 0;
const TIMESTAMP = 1;
const FINGERPRINT = 2;
const GENERATION = 3;
const TABLES = 8;

/** Address space, resident where used: room for eleven million columns. Columns beyond are not recorded. */
const BYTES = 2 ** 28;

/**
 * Records what the receiver has accepted of snapshots that are sent in several requests. In shared memory, so that the
 * successor of a worker that died sends no part of a snapshot twice. Only the thread that delivers uses it.
 *
 * An entry is valid or void even if its writer is terminated in between: its generation is stored last.
 */
export class Ledger {
  /** The values accepted last, by column. Valid only where `takenAt` is not 0. */
  readonly values: Float64Array;
  private readonly words: Float64Array;
  private readonly times: Float64Array;
  private readonly generations: Float64Array;
  private readonly room: number;

  static allocate(bytes: number = BYTES): SharedArrayBuffer {
    return sharedMemory(bytes, 'maxMemory');
  }

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Float64Array(buffer);
    this.room = Math.floor((this.words.length - TABLES) / 3);
    const table = (number: number) => new Float64Array(buffer, (TABLES + number * this.room) * 8, this.room);
    this.values = table(0);
    this.times = table(1);
    this.generations = table(2);
    if (this.words[GENERATION] === 0) this.words[GENERATION] = 1;
  }

  begin(time: number): void {
    this.words[STARTED] = time;
  }

  /** When the collector began, in wall-clock milliseconds. */
  get started(): number {
    return this.words[STARTED];
  }

  /** Whether exactly this snapshot has been accepted: it is sent again if a worker died before it could report that. */
  hasAll(snapshot: Snapshot): boolean {
    const { words } = this;
    return words[TIMESTAMP] === snapshot.timestamp && words[FINGERPRINT] === fingerprint(snapshot);
  }

  tookAll(snapshot: Snapshot): void {
    const { words } = this;
    const print = fingerprint(snapshot);
    words[TIMESTAMP] = snapshot.timestamp;
    words[FINGERPRINT] = print;
    words[GENERATION]++;
  }

  /** When a series was accepted since the last completely accepted snapshot; 0 if it was not. */
  takenAt(birth: number): number {
    return this.generations[birth] === this.words[GENERATION] ? this.times[birth] : 0;
  }

  /** Whether the receiver has accepted the series with the values of this snapshot. */
  has({ timestamp, values }: Snapshot, birth: number, column: number, width: number): boolean {
    if (this.takenAt(birth) !== timestamp) return false;
    for (let at = column; at < column + width; at++) if (!Object.is(this.values[at], values[at])) return false;
    return true;
  }

  took({ timestamp, values }: Snapshot, birth: number, column: number, width: number): void {
    if (birth >= this.room || column + width > this.room) return;
    this.generations[birth] = 0;
    for (let at = column; at < column + width; at++) this.values[at] = values[at];
    this.times[birth] = timestamp;
    this.generations[birth] = this.words[GENERATION];
  }
}

/** FNV-1a over the 32-bit halves of all values: distinguishes snapshots of the same millisecond. */
function fingerprint({ values, births }: Snapshot): number {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  let hash = 0x811c9dc5 ^ births;
  for (let index = 0; index < halves.length; index++) hash = Math.imul(hash ^ halves[index], 0x01000193);
  return hash >>> 0;
}
