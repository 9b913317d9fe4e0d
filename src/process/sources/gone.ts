import type { Drainer } from '../../drain/drain';
import type { Catalog } from '../../registry/catalog';
import type { Family } from '../../registry/family';
import type { DefaultMetrics } from '../options';
import type { Sampler } from '../report';

const PER_THREAD = /^nodejs_(heap_|external_memory_|eventloop_|active_)/;

/** Sets the gauges of ended threads, which have no heap or event loop, to 0 until another thread takes the shard. */
export function goneThreads(drainer: Drainer, catalog: Catalog, { prefix }: DefaultMetrics): Sampler {
  const columns = new ThreadColumns(catalog, prefix);
  return (report) => {
    for (const { number, owner } of drainer.used())
      if (owner === 0) for (const column of columns.of(String(number))) report.setColumn(column, 0);
  };
}

/** The columns of the gauges that threads set themselves, by thread label. */
class ThreadColumns {
  private readonly known = new Map<Family, number>();
  private readonly byThread = new Map<string, number[]>();

  constructor(
    private readonly catalog: Catalog,
    private readonly prefix: string,
  ) {}

  of(thread: string): readonly number[] {
    for (const family of this.catalog.families) if (this.isPerThread(family)) this.learn(family);
    return this.byThread.get(thread) ?? [];
  }

  private isPerThread({ definition: { name, type } }: Family): boolean {
    return type === 'gauge' && name.startsWith(this.prefix) && PER_THREAD.test(name.slice(this.prefix.length));
  }

  private learn(family: Family): void {
    const { series } = family;
    for (let index = this.known.get(family) ?? 0; index < series.count; index++) {
      const thread = family.labels(index).find(([name]) => name === 'thread')?.[1];
      if (thread === undefined) continue;
      this.byThread.set(thread, [...(this.byThread.get(thread) ?? []), series.columns[index]]);
    }
    this.known.set(family, series.count);
  }
}
