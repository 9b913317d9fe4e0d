import { type Spread, spread } from '../measure/statistics';
import { EVERYTHING, type Parameters } from '../runner/benchmark';
import type { Results, Series } from '../runner/results';

/** Which figure: of a contender, a case (the parameters given have to match), a row and a column. */
export interface Query {
  benchmark: string;
  contender: string;
  parameters?: Parameters;
  row: string;
  column: string;
  /** Version of Node; left out: the one that the contender was first measured with. */
  node?: string;
}

export const PEERS = ['prom-client', 'prometheus-io', 'opentelemetry'];

/** All results, by questions. */
export class Suite {
  constructor(private readonly results: ReadonlyMap<string, Results>) {}

  of(benchmark: string): Results | undefined {
    return this.results.get(benchmark);
  }

  all(): Results[] {
    return [...this.results.values()];
  }

  title(benchmark: string, contender: string): string {
    return this.of(benchmark)?.series.find((one) => one.contender === contender)?.title ?? contender;
  }

  /** Undefined where nothing was measured. */
  spread(query: Query): Spread | undefined {
    return spreadOf(this.repetitions(query));
  }

  /**
   * Of each repetition's own ratio: what slows the machine down for a while slows both. `below` is taken from the Node on
   * which `above` ran.
   */
  ratio(above: Query, below: Query): Spread | undefined {
    return this.compared(above, below, (value, other) => value / other);
  }

  /** The same of differences. */
  difference(above: Query, below: Query): Spread | undefined {
    return this.compared(above, below, (value, other) => value - other);
  }

  private compared(above: Query, below: Query, by: (value: number, other: number) => number): Spread | undefined {
    const node = above.node ?? below.node ?? newest([this.find(above)?.node, this.find(below)?.node]);
    const over = this.repetitions({ ...below, node });
    return spreadOf(this.repetitions({ ...above, node }).map((value, i) => by(value, over[i])));
  }

  /** Ratio of the peer that comes off best to another contender, which runs on the same Node as that peer. */
  fewest(query: Query, below: string): Spread | undefined {
    const ratios = PEERS.map((contender) => this.ratio({ ...query, contender }, { ...query, contender: below }));
    return ratios.filter((one) => one !== undefined).sort((a, b) => a.median - b.median)[0];
  }

  /** Why a figure is not there, if something was left out. */
  omitted({ row, ...query }: Query): string | undefined {
    const series = this.find({ row, ...query });
    const { omitted } = series?.repetitions.find((one) => one.omitted !== undefined) ?? {};
    return omitted?.[row] ?? omitted?.[EVERYTHING];
  }

  /** One per repetition, NaN where it has none. */
  private repetitions(query: Query): number[] {
    const { repetitions } = this.find(query) ?? { repetitions: [] };
    return repetitions.map(({ figures }) => figures[query.row]?.[query.column] ?? Number.NaN);
  }

  private find({ benchmark, contender, parameters = {}, node }: Query): Series | undefined {
    return this.of(benchmark)?.series.find(
      (one) =>
        one.contender === contender &&
        (node === undefined || one.node === node) &&
        Object.entries(parameters).every(([name, value]) => one.parameters[name] === value),
    );
  }
}

function spreadOf(values: number[]): Spread | undefined {
  const present = values.filter((value) => !Number.isNaN(value));
  return present.length === 0 ? undefined : spread(present);
}

/** A contender that needs a newer Node is there on that one only; the others are on both. */
function newest(nodes: (string | undefined)[]): string | undefined {
  const major = (node: string): number => Number(node.split('.')[0]);
  return nodes.filter((node) => node !== undefined).sort((a, b) => major(b) - major(a))[0];
}
