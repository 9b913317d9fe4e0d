import { NOTHING, times, withSpread } from './format';
import { PEERS, type Query, type Suite } from './suite';

/** The contenders of a benchmark that were measured, in their order. */
export function present(suite: Suite, benchmark: string, wanted: readonly string[]): string[] {
  const measured = new Set(suite.of(benchmark)?.series.map(({ contender }) => contender));
  return wanted.filter((contender) => measured.has(contender));
}

/** The different values of a parameter, in the order in which they were measured. */
export function valuesOf<T>(suite: Suite, benchmark: string, parameter: string): T[] {
  const all = suite.of(benchmark)?.series.map(({ parameters }) => parameters[parameter]) ?? [];
  return [...new Set(all)].filter((value) => value !== undefined) as T[];
}

/** The different cases of a benchmark, in the order in which they were measured. */
export function casesOf<P>(suite: Suite, benchmark: string): P[] {
  const all = suite.of(benchmark)?.series.map(({ parameters }) => JSON.stringify(parameters)) ?? [];
  return [...new Set(all)].map((text) => JSON.parse(text) as P);
}

/** A figure with its spread, or why there is none. */
export function cell(suite: Suite, query: Query, scale = 1): string {
  const spread = suite.spread(query);
  return spread === undefined ? (suite.omitted(query) ?? NOTHING) : withSpread(spread, scale);
}

/** How many times ringmeter's figure the best peer's is. */
export function peerRatio(suite: Suite, query: Query): string {
  return times(suite.fewest(query, 'ringmeter'));
}

/** ringmeter and the peers that were measured, with the heading of their columns. */
export function libraries(suite: Suite, benchmark: string) {
  const contenders = present(suite, benchmark, ['ringmeter', ...PEERS]);
  return { contenders, titles: contenders.map((contender) => suite.title(benchmark, contender)) };
}
