import type { Family } from '../aggregate/catalog';
import { columnCount } from '../aggregate/columns';
import type { Snapshot } from '../aggregate/snapshot';
import { RingmeterError } from '../errors';
import { HistorySource } from '../query/history-source';
import { evaluate } from './evaluate';
import { History } from './history/history';
import { type Selected, select } from './selection';
import type { BackendContext, CreateBackend, ResolvedQuery, StorageBackend, TimeSeries } from './types';

/** What `MemoryStorage` sends to the workers. */
export interface MemoryBackendOptions {
  history: SharedArrayBuffer;
  /** Milliseconds. */
  maxAge: number;
  maxSnapshots: number;
}

/** Values that are read in one go, in some 10 to 50 ms; other threads that store or read wait for so long. */
const VALUES_AT_ONCE = 500_000;

export const createBackend: CreateBackend = (context) => new MemoryBackend(context);

/** Keeps snapshots in shared memory and reads them back as time series, or as what became of them in a range. */
export class MemoryBackend implements StorageBackend {
  /** What PromQL reads. */
  readonly source: HistorySource;
  private readonly history: History;
  private readonly options: MemoryBackendOptions;

  constructor(private readonly context: BackendContext) {
    this.options = context.options as MemoryBackendOptions;
    this.history = new History(new Float64Array(this.options.history), this.options);
    this.source = new HistorySource({
      history: this.history,
      maxAge: this.options.maxAge,
      families: () => context.families(),
      exclusively: (action) => context.exclusively(action),
    });
  }

  store({ timestamp, places, values }: Snapshot): void {
    if (this.context.exclusively(() => this.history.append(timestamp, places, values))) return;
    throw new RingmeterError(
      'RINGMETER_STORAGE_FAILED',
      `MemoryStorage: a snapshot of ${values.byteLength} bytes does not fit into a quarter of maxBytes (${this.options.history.byteLength})`,
    );
  }

  query(query: ResolvedQuery): TimeSeries[] {
    const families = this.context.families();
    checkFunction(families, query);
    const selected = families.flatMap((family) => [...select(family, query)]);
    const from = Math.max(query.from, Date.now() - this.options.maxAge);
    const { context, history } = this;
    const kept = context.exclusively(() => history.window(from, query.to).times);
    if (kept.length === 0) return [];
    const [first] = kept;
    const last = kept[kept.length - 1];
    const answer: TimeSeries[] = [];
    for (const slice of slices(selected, kept.length))
      context.exclusively(() => {
        const window = history.window(first, last);
        for (const series of slice) answer.push(...evaluate(query, window, series));
      });
    return answer;
  }
}

/** Series that are read in one go: few enough, and at least one. */
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
  if (family === undefined || family.definition.type === 'histogram') return;
  throw new RingmeterError(
    'RINGMETER_INVALID_QUERY',
    `quantile needs a histogram, and ${query.name} is a ${family.definition.type}`,
  );
}
