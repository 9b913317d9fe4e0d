import type { Contender, Kind, Library } from '../contenders/contender';
import { type Burstable, measureBursts, measureBytes, warm } from '../measure/bursts';
import { Ledger } from '../measure/ledger';
import type { Benchmark, Case, Outcome, Scale, Turn } from '../runner/benchmark';
import { within } from '../runner/limits';
import { everySeries, Order } from '../workload';

/** What a record costs the thread that makes it, in bursts that fit ringmeter's ring. */
export const benchmark: Benchmark<HotPath> = {
  name: 'hot-path',
  about: 'nanoseconds and bytes per record, bound, with labels, without, at 10 to 1,000,000 series',
  cases,
  perform,
};

export type HotPath = {
  series: number;
  /** One of KINDS, or all of them in one process, so that V8 has seen them all. */
  kinds: Kind | 'all';
};

export const MANNERS = ['no labels', 'bound', 'label object'] as const;
export const rowOf = (kind: Kind, manner: (typeof MANNERS)[number]): string => `${kind}, ${manner}`;

/** The largest number is measured one kind at a time: each takes gigabytes of some contender. */
const LARGEST = 1_000_000;
const SIZES = { full: [10, 500, 1_000, 10_000, 100_000, LARGEST], quick: [10, 20_000] };
/** Left out here: reading back a million histograms or summaries takes a peer more memory than MOST_BYTES. */
const KINDS_AT_LARGEST: Record<string, readonly Kind[]> = {
  ringmeter: ['counter', 'gauge', 'histogram', 'summary'],
  floor: ['counter', 'gauge', 'histogram'],
};
const OF_PEERS_AT_LARGEST: readonly Kind[] = ['counter', 'gauge'];
const FEW = 1_000;

function cases(contender: string, scale: Scale): Case<HotPath>[] {
  if (['none', 'scraped-beside'].includes(contender)) return [];
  if (contender === 'native-histogram') return [{ parameters: { series: 10, kinds: 'all' }, seconds: 1 }];
  const own = KINDS_AT_LARGEST[contender];
  return SIZES[scale].flatMap((series): Case<HotPath>[] => {
    if (scale === 'quick' && own === undefined && series > FEW) return [];
    if (series < LARGEST) return [{ parameters: { series, kinds: 'all' }, seconds: secondsOf(series, scale) }];
    return (own ?? OF_PEERS_AT_LARGEST).map((kinds) => ({
      parameters: { series, kinds },
      seconds: 20,
      mostRepetitions: 3,
    }));
  });
}

function secondsOf(series: number, scale: Scale): number {
  if (scale === 'quick') return 4;
  return series > 10_000 ? 20 : 4;
}

const BUDGET = { full: { milliseconds: 150, fewest: 5 }, quick: { milliseconds: 25, fewest: 3 } };
const WARM_ROUNDS = { full: 3, quick: 2 };
/** Series up to which the garbage is collected often enough to count bytes. */
const MOST_SERIES_FOR_BYTES = 1_000;

/** One row of the table. */
interface Row extends Burstable {
  name: string;
}

/** What is read back of a metric, and what it should be. */
interface Check {
  name: string;
  ledger: Ledger;
  read: () => ReturnType<ReturnType<Library['plain']>['read']>;
}

async function perform(load: () => Contender, { series, kinds }: HotPath, turn: Turn): Promise<Outcome> {
  const contender = load();
  const library = await contender.open({ series });
  const chosen = contender.kinds.filter((kind) => kinds === 'all' || kind === kinds);
  const made: Awaited<ReturnType<typeof open>>[] = [];
  for (const kind of chosen) made.push(await open(library, contender, kind, series));
  const rows = made.flatMap((one) => one.rows);
  const checks = made.flatMap((one) => one.checks);
  for (let round = 0; round < WARM_ROUNDS[turn.scale]; round++) {
    for (const row of rows) await warm(row);
    if (round === 0) await library.exercise?.();
  }
  const outcome: Outcome = { figures: {}, wrong: [] };
  const first = (turn.repetition * 3) % Math.max(rows.length, 1);
  for (const row of [...rows.slice(first), ...rows.slice(0, first)]) {
    const { again, first: cold } = await measureBursts(row, BUDGET[turn.scale]);
    outcome.figures[row.name] = { ns: again, firstNs: cold };
    if (series <= MOST_SERIES_FOR_BYTES) outcome.figures[row.name].bytes = await measureBytes(row);
  }
  for (const { name, ledger, read } of checks) {
    const wrong = ledger.differs(await read());
    if (wrong !== undefined) outcome.wrong.push(`${name}: ${wrong}`);
  }
  const wrong = library.audit?.();
  if (wrong !== undefined) outcome.wrong.push(wrong);
  await library.close?.();
  return outcome;
}

/** The metrics of one kind: one without labels, one with; the latter both bound and with label objects. */
async function open(library: Library, contender: Contender, kind: Kind, series: number) {
  const settle = async () => library.settle?.();
  const rows: Row[] = [];
  const checks: Check[] = [];
  const plain = library.plain(kind, `jobs_${kind}`);
  const own = new Ledger(kind, 1);
  rows.push({ name: rowOf(kind, 'no labels'), run: plain.run, order: new Order(1), ledger: own, settle });
  checks.push({ name: rowOf(kind, 'no labels'), ledger: own, read: plain.read });
  if (contender.title.startsWith('perf_hooks')) return { rows, checks };
  const labelled = library.labelled(kind, `requests_${kind}`);
  const ledger = new Ledger(kind, series);
  const order = new Order(series);
  const all = everySeries(series);
  // a million sketches with something in each are more than ringmeter's largest arena: there the bound series do
  const filled = series === LARGEST && kind === 'summary' ? 0 : series;
  await within(filled, async (from, to) => {
    const some = all.subarray(from, to);
    labelled.run(some);
    ledger.account(some);
    await settle();
  });
  const handles = labelled.bind?.(series);
  if (handles !== undefined) rows.push({ name: rowOf(kind, 'bound'), run: handles, order, ledger, settle });
  rows.push({ name: rowOf(kind, 'label object'), run: labelled.run, order, ledger, settle });
  checks.push({ name: kind, ledger, read: labelled.read });
  return { rows, checks };
}
