import { sharedMemory } from '../atomics/shared-memory';
import { History } from '../history/history';
import { HistorySource } from '../query/history-source';
import type { SampleSeries, SampleSource } from '../query/types';
import type { Family } from '../registry/family';
import type { Snapshot, TakenSnapshot } from '../snapshot/snapshot';

/** Shared address space, resident where used. A snapshot must fit into a quarter of it: half a million values. */
const BYTES = 16 * 2 ** 20;
/** An hour of a snapshot each second. */
const LIMITS = { maxAge: 3_600_000, maxSnapshots: 3_600 };

/**
 * The range of rates while there is a snapshot each second, in milliseconds. Not whole seconds: `rate()` always
 * extrapolates over a gap of half a second at the ends of its range, while for a gap of about one second that depends
 * on the jitter of the snapshots.
 */
export const LIVE_WINDOW_MS = 3_500;
/** If the wall clock goes back by more, it was set: earlier snapshots are dropped. */
const SET_BACK_MS = 1_000;
/** Tolerated delay of a snapshot in milliseconds. */
const SLACK_MS = 400;

/** One thread's history of snapshots for viewers of the dashboard, much more frequent than those for storages. */
export class LiveHistory implements SampleSource {
  private history: History | undefined;
  private source: HistorySource | undefined;
  /** Times of the last snapshots, in wall-clock milliseconds. */
  private recent: number[] = [];

  constructor(
    private readonly snapshot: () => Promise<TakenSnapshot>,
    private readonly families: () => readonly Family[],
  ) {}

  /** Makes a snapshot. @returns the snapshot; evaluations at its time see all of it */
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

  /** The times of the live snapshots, in wall-clock milliseconds, ascending. */
  times(from: number, to: number): Float64Array {
    return this.source?.times(from, to) ?? new Float64Array();
  }

  /** Releases its memory. */
  forget(): void {
    this.history = undefined;
    this.source = undefined;
    this.recent = [];
  }

  private open(): History {
    this.history ??= new History(new Float64Array(sharedMemory(BYTES, 'maxMemory')), LIMITS);
    // no lock: only this thread uses the history
    this.source ??= new HistorySource({
      history: this.history,
      maxAge: LIMITS.maxAge,
      families: this.families,
      exclusively: (action) => action(),
    });
    return this.history;
  }
}
