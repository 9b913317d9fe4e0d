import type { Definition } from '../kinds/definition';
import { kindOf } from '../kinds/kinds';
import type { Family } from '../registry/family';
import { NAME } from './labels';
import { matcherTest, matchesAll } from './matchers';
import type { LabelSet, Matcher } from './types';

/** One line of a metric: what each of its series shows under one name. */
export interface HistoryLine {
  readonly name: string;
  /** The additional label of the line (`le`, `quantile`). */
  readonly own?: readonly [name: string, value: string];
  /** Its value is the sum of these columns of a series, the last one not included. */
  readonly begin: number;
  readonly end: number;
  /** For lines whose value may be NaN: a column that is a number whenever the series is present. */
  readonly presence?: number;
}

/** A line of one series. */
export interface SeriesLine {
  readonly line: HistoryLine;
  readonly labels: LabelSet;
  /** First column of the series in a snapshot, and its birth in the directory. */
  readonly column: number;
  readonly birth: number;
}

/** The lines of a metric's series in a history. Their label objects are cached: each is the same object every time. */
export class FamilyLines {
  private readonly lines: readonly HistoryLine[];
  /** Per line and series; undefined until first used. */
  private readonly known: (LabelSet | undefined)[][];
  /** The births of the series whose labels are cached, to detect that a removed series' memory was reused. */
  private readonly births: number[] = [];

  constructor(private readonly family: Family) {
    this.lines = linesOf(family.definition);
    this.known = this.lines.map(() => []);
  }

  /** Changes whenever the set of series changes. */
  get version(): string {
    const { count, reborn } = this.family.series;
    return `${count} ${reborn}`;
  }

  /** The lines that fulfil all matchers, undefined for each other one: callers can pause a slow search. */
  *select(matchers: readonly Matcher[]): Generator<SeriesLine | undefined, void> {
    const ofName = matchers.filter(({ name }) => name === NAME);
    const lines = this.lines.flatMap((line, at) =>
      ofName.every((matcher) => matcherTest(matcher)(line.name)) ? [{ line, at }] : [],
    );
    if (lines.length === 0) return;
    // excludes series that are added during the iteration
    const { columns, births, count } = this.family.series;
    for (let series = 0; series < count; series++)
      for (const { line, at } of lines) {
        const labels = this.labels(at, series);
        yield matchesAll(labels, matchers)
          ? { line, labels, column: columns[series], birth: births[series] }
          : undefined;
      }
  }

  private labels(line: number, series: number): LabelSet {
    const birth = this.family.series.births[series];
    if (this.births[series] !== birth) {
      this.births[series] = birth;
      for (const known of this.known) known[series] = undefined;
    }
    let labels = this.known[line][series];
    if (labels === undefined) {
      labels = this.read(this.lines[line], series);
      this.known[line][series] = labels;
    }
    return labels;
  }

  /** Drops empty labels, which serve to hide a default label. */
  private read({ name, own }: HistoryLine, series: number): LabelSet {
    const pairs = this.family.labels(series).filter(([label, value]) => value !== '' && label !== own?.[0]);
    return Object.fromEntries([[NAME, name], ...pairs, ...(own ? [own] : [])]);
  }
}

function linesOf(definition: Definition): HistoryLine[] {
  const kind = kindOf(definition);
  return kind.samples(definition).map(({ suffix, label, begin, end, isEmptyAtFirst }) => ({
    name: `${definition.name}${suffix}`,
    ...(label && { own: label }),
    begin,
    end,
    ...(isEmptyAtFirst && { presence: kind.presenceColumn }),
  }));
}
