import type { Arena } from '../arena/arena';
import { HEADER, high, int, RECORD, RECORD_KIND, VOID_ENTRY } from '../arena/layout';
import { membersOf } from '../arena/lives';
import { bear, birthCount, birthOf } from './births';
import { directoryLength, PENDING_ENTRY, readEntry } from './directory';
import { RegisteredFamily } from './family';
import { readDefinition } from './register';

/** One thread's copy of the registry. `refresh` adds the families and series registered since the last call. */
export class Catalog {
  readonly families: RegisteredFamily[] = [];
  private readonly byRecord = new Map<number, RegisteredFamily>();
  private read = 0;
  private seenBirths = 0;
  private reborn = 0;
  /** Directory places to read again: when last read, the record was not published, or its family did not stand. */
  private pending: number[] = [];

  constructor(private readonly arena: Arena) {}

  refresh(): void {
    const reborn = Atomics.load(this.arena.i32, int(HEADER.REBORN));
    // read before the directory's length: every birth counted here is of a series that the directory has
    const births = birthCount(this.arena);
    const length = directoryLength(this.arena);
    if (reborn !== this.reborn) this.noteReborn();
    this.reborn = reborn;
    const late = this.pending;
    this.pending = [];
    for (const place of late) this.enter(place);
    if (this.read < length) this.makeRoom();
    while (this.read < length) this.enter(this.read++);
    this.seenBirths = births;
  }

  private makeRoom(): void {
    for (const { record, series } of this.families) series.reserve(Atomics.load(this.arena.i32, membersOf(record)));
  }

  /** The number of births at the last `refresh`: series born later are in no snapshot so far. */
  get births(): number {
    return this.seenBirths;
  }

  /** Updates the series whose memory has been reused for another series. */
  private noteReborn(): void {
    for (const { definition, series } of this.families) {
      if (!definition.ttl) continue;
      for (let index = 0; index < series.count; index++) {
        const birth = birthOf(this.arena, series.records[index]);
        if (birth <= series.births[index]) continue;
        series.births[index] = birth;
        series.reborn++;
      }
    }
  }

  private enter(place: number): void {
    const record = readEntry(this.arena, place);
    if (record === PENDING_ENTRY) this.pending.push(place);
    if (record === PENDING_ENTRY || record === VOID_ENTRY) return;
    const { i32 } = this.arena;
    if (i32[high(record + RECORD.KEY)] === RECORD_KIND.FAMILY) {
      this.familyAt(record);
      return;
    }
    // the thread that published the record may have ended before it gave the series its birth
    bear(this.arena, record);
    const { series } = this.familyAt(i32[int(record + RECORD.SERIES)]);
    // field by field: an object for each series would cause the highest memory use of a first scrape
    const index = series.extend();
    series.ids[index] = i32[high(record + RECORD.SERIES)];
    series.columns[index] = i32[int(record + RECORD.SERIES_COLUMN)];
    series.records[index] = record;
    series.births[index] = birthOf(this.arena, record);
    series.setEpoch(index, i32[high(record + RECORD.SERIES_COLUMN)]);
  }

  private familyAt(record: number): RegisteredFamily {
    let family = this.byRecord.get(record);
    if (family === undefined) {
      family = new RegisteredFamily(this.arena, record, readDefinition(this.arena, record));
      family.series.reserve(Atomics.load(this.arena.i32, membersOf(record)));
      this.byRecord.set(record, family);
      this.families.push(family);
    }
    return family;
  }
}
