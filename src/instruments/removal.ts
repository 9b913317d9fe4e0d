import { isGone } from '../arena/lives';
import type { Drainer } from '../drain/drain';
import { columnCount } from '../kinds/kinds';
import type { Ending, LivingFamily } from '../lifecycle/end-life';
import { Lifetimes } from '../lifecycle/lifetimes';
import { Catalog } from '../registry/catalog';
import { readSeries } from '../registry/register';
import { readLabels } from '../registry/series-key';
import { SeriesList } from '../registry/series-list';
import type { Recorder } from './recorder';

/** The library's own metrics, which a user's `clear` and `reset` of all metrics leave alone. */
const OWN_METRICS = /^ringmeter_/;

/** Removes and resets series, on the calling thread, with all that this thread has recorded before. */
export class Removal {
  private readonly lifetimes: Lifetimes;
  /** Made at its first use: a thread that only records does not need the list of all series. */
  private catalog: Catalog | undefined;

  constructor(
    private readonly recorder: Recorder,
    drainer: Drainer,
  ) {
    this.lifetimes = new Lifetimes(recorder.arena, drainer);
  }

  /** @returns how many of the series were not removed already. @throws as `Lifetimes.endAll` does */
  end(family: LivingFamily, records: readonly number[], ending: Ending): number {
    const { recorder } = this;
    const width = columnCount(family.definition);
    const series = new SeriesList();
    records.forEach((record, index) => {
      series.add({ ...readSeries(recorder.arena, record), column: index * width, birth: 0 });
    });
    recorder.publish();
    return series.count === 0 ? 0 : this.lifetimes.endAll(family, series, ending);
  }

  /** Ends all series of a metric, or those for whose labels `matches` returns true. */
  endMatching(family: LivingFamily, ending: Ending, matches?: (labels: Record<string, string>) => boolean): number {
    const { arena } = this.recorder;
    const series = this.refreshed().families.find(({ record }) => record === family.record)?.series;
    const records: number[] = [];
    for (let index = 0; index < (series?.count ?? 0); index++) {
      const record = series!.records[index];
      if (isGone(arena, record)) continue;
      if (matches === undefined || matches(Object.fromEntries(readLabels(arena, record)))) records.push(record);
    }
    return this.end(family, records, ending);
  }

  /** Ends all series of all the user's metrics. */
  endAll(ending: Ending): number {
    let count = 0;
    for (const family of this.refreshed().families)
      if (!OWN_METRICS.test(family.definition.name)) count += this.endMatching(family, ending);
    return count;
  }

  private refreshed(): Catalog {
    this.catalog ??= new Catalog(this.recorder.arena);
    this.catalog.refresh();
    return this.catalog;
  }
}
