import { RingmeterError } from '../../common/errors';
import type { BackendContext, CreateBackend, ResolvedQuery, StorageBackend, TimeSeries } from '../../delivery/types';
import { History } from '../../history/history';
import { HistoryClock } from '../../history/history-clock';
import { columnCount, hasBuckets } from '../../kinds/kinds';
import { Budget } from '../../query/budget';
import { HistorySource } from '../../query/history-source';
import { ShiftedSource } from '../../query/shifted-source';
import type { SampleSource } from '../../query/types';
import type { Family } from '../../registry/family';
import type { Snapshot, TakenSnapshot } from '../../snapshot/snapshot';
import { READING_LIMITS } from '../reading-limits';
import { evaluate } from './evaluate';
import { type Selected, select } from './selection';

/** What `MemoryStorage` sends to the workers. */
export interface MemoryBackendOptions {
  history: SharedArrayBuffer;
  /** The shared memory of a `HistoryClock`. */
  clock: SharedArrayBuffer;
  /** Milliseconds. */
  maxAge: number;
  maxSnapshots: number;
}

/** Values that are read under one hold of the lock: 10 to 50 ms, for which other readers and writers wait. */
const VALUES_AT_ONCE = 500_000;

export const createBackend: CreateBackend = (context) => new MemoryBackend(context);

/** Keeps snapshots in shared memory and reads them back as time series, or as a function's result over a time range. */
export class MemoryBackend implements StorageBackend {
  /** The history on its own clock, which never goes back. Rules read this. */
  readonly source: HistorySource;
  /** The same history on the wall clock. */
  readonly wallSource: SampleSource;
  private readonly clock: HistoryClock;
  private readonly history: History;
  private readonly options: MemoryBackendOptions;

  constructor(private readonly context: BackendContext) {
    this.options = context.options as MemoryBackendOptions;
    this.history = new History(new Float64Array(this.options.history), this.options);
    this.clock = new HistoryClock(this.options.clock);
    this.source = new HistorySource({
      history: this.history,
      maxAge: this.options.maxAge,
      families: () => context.families(),
      exclusively: (action) => context.exclusively(action),
      clock: this.clock,
    });
    this.wallSource = new ShiftedSource(this.source, () => this.clock.ahead);
  }

  store({ timestamp, takenAt, births, values }: Snapshot & Partial<Pick<TakenSnapshot, 'takenAt'>>): void {
    const append = (): boolean => {
      const time = takenAt === undefined ? timestamp : this.clock.date(timestamp, takenAt);
      return this.history.append(time, births, values);
    };
    if (this.context.exclusively(append)) return;
    throw new RingmeterError(
      'RINGMETER_STORAGE_FAILED',
      `MemoryStorage: a snapshot of ${values.byteLength} bytes does not fit into a quarter of maxBytes (${this.options.history.byteLength})`,
    );
  }

  /** When snapshots were taken, by the wall clock, ascending. */
  times(from: number, to: number): Float64Array {
    const { ahead } = this.clock;
    const times = this.source.times(from + ahead, to + ahead);
    return ahead === 0 ? times : times.map((time) => time - ahead);
  }

  /** By the wall clock. */
  async query(query: ResolvedQuery): Promise<TimeSeries[]> {
    const { ahead } = this.clock;
    const answer = await this.read({ ...query, from: query.from + ahead, to: query.to + ahead });
    if (ahead !== 0) for (const { points } of answer) for (const point of points) point.timestamp -= ahead;
    return answer;
  }

  private async read(query: ResolvedQuery): Promise<TimeSeries[]> {
    const budget = new Budget(READING_LIMITS, undefined);
    const families = this.context.families();
    checkFunction(families, query);
    const selected = families.flatMap((family) => [...select(family, query)]);
    const { context, history, source } = this;
    const kept = source.times(query.from, query.to);
    if (kept.length === 0) return [];
    const [first] = kept;
    const last = kept[kept.length - 1];
    const answer: TimeSeries[] = [];
    for (const slice of slices(selected, kept.length)) {
      context.exclusively(() => {
        const window = history.window(first, last);
        for (const series of slice) add(answer, evaluate(query, window, series), budget);
      });
      await budget.pause();
    }
    return answer;
  }
}

function add(answer: TimeSeries[], more: readonly TimeSeries[], budget: Budget): void {
  for (const one of more) {
    budget.hold(one.points.length);
    budget.holdObject(Object.keys(one.labels).length + 4);
    answer.push(one);
  }
}

/** Splits series into slices that are read in one go: at most VALUES_AT_ONCE values, but at least one series. */
function* slices(selected: readonly Selected[], snapshots: number): Generator<Selected[]> {
  let slice: Selected[] = [];
  let values = 0;
  for (const series of selected) {
    slice.push(series);
    values += columnCount(series.definition) * snapshots;
    if (values < VALUES_AT_ONCE) continue;
    yield slice;
    slice = [];
    values = 0;
  }
  yield slice;
}

function checkFunction(families: readonly Family[], query: ResolvedQuery): void {
  if (query.function !== 'quantile') return;
  const family = families.find(({ definition }) => definition.name === query.name);
  if (family === undefined || hasBuckets(family.definition)) return;
  throw new RingmeterError(
    'RINGMETER_INVALID_QUERY',
    `quantile needs a histogram, and ${query.name} is a ${family.definition.type}`,
  );
}
