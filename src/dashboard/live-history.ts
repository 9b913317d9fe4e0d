import { sharedMemory } from '../atomics/shared-memory';
import { History } from '../history/history';
import { HistorySource } from '../query/history-source';
import type { SampleSeries, SampleSource } from '../query/types';
import type { Family } from '../registry/catalog';
import type { Snapshot, TakenSnapshot } from '../snapshot/snapshot';

/** Shared address space, resident where used. A snapshot must fit into a quarter of it: half a million values. */
const BYTES = 16 * 2 ** 20;
/** An hour of a snapshot each second. */
const LIMITS = { maxAge: 3_600_000, maxSnapshots: 3_600 };

/**
 * What rates are taken over where there is a snapshot each second, in milliseconds. Half a second more than whole ones:
 * `rate()` extrapolates to the ends of its range by so much without fail, while of gaps of about a second it depends on how
 * late a snapshot was whether they count.
 */
export const LIVE_WINDOW_MS = 3_500;
/** A clock that goes back by more was set: what was seen before is of another time. */
const SET_BACK_MS = 1_000;
/** A snapshot may be so late. */
const SLACK_MS = 400;

/** Snapshots that are made because somebody looks, much more often than those for the storages. Of one thread. */
export class LiveHistory implements SampleSource {
  private history: History | undefined;
  private source: HistorySource | undefined;
  /** Of the last snapshots, wall-clock milliseconds. */
  private recent: number[] = [];

  constructor(
    private readonly snapshot: () => Promise<TakenSnapshot>,
    private readonly families: () => readonly Family[],
  ) {}

  /** Makes a snapshot. @returns it: evaluations at its time see all of it */
  async take(): Promise<Snapshot> {
    const snapshot = await this.snapshot();
    const { timestamp, births, values } = snapshot;
    if (timestamp < (this.recent.at(-1) ?? 0) - SET_BACK_MS) this.forget();
    const last = this.recent.at(-1) ?? 0;
    if (timestamp > last && this.open().append(timestamp, births, values)) {
      this.recent = this.recent.filter((time) => time > timestamp - LIVE_WINDOW_MS - SLACK_MS);
      this.recent.push(timestamp);
    }
    return snapshot;
  }

  /** Whether rates up to that time can be taken over the live window. */
  coversWindow(time: number): boolean {
    return this.recent.filter((one) => one >= time - LIVE_WINDOW_MS && one <= time).length > 2;
  }

  select(...selection: Parameters<SampleSource['select']>): ReturnType<SampleSource['select']> {
    return this.source?.select(...selection) ?? [];
  }

  slices(...selection: Parameters<SampleSource['select']>): Iterable<readonly SampleSeries[]> {
    return this.source?.slices(...selection) ?? [];
  }

  /** When snapshots were made that came one after the other, wall-clock milliseconds, ascending. */
  times(from: number, to: number): Float64Array {
    return this.source?.times(from, to) ?? new Float64Array();
  }

  /** Gives its memory back. */
  forget(): void {
    this.history = undefined;
    this.source = undefined;
    this.recent = [];
  }

  private open(): History {
    this.history ??= new History(new Float64Array(sharedMemory(BYTES, 'maxMemory')), LIMITS);
    // only this thread has it
    this.source ??= new HistorySource({
      history: this.history,
      maxAge: LIMITS.maxAge,
      families: this.families,
      exclusively: (action) => action(),
    });
    return this.history;
  }
}
