import type { ResolvedQuery, TimeSeries } from '../../delivery/types';
import { kindOf } from '../../kinds/kinds';
import { readSample, type Sample } from '../../kinds/sample';
import type { Budget } from '../../query/budget';
import { isMissing, type StoredMetric } from './decode';
import type { FileName } from './names';
import { readFlushes } from './read';
import { FileReader } from './read-file';

const LINE_SUFFIX = /_(bucket|sum|count)$/;

/** Per sample of its metric, the history of a series' line; undefined for one that does not match. */
type Lines = readonly (TimeSeries | undefined)[];

/**
 * The history of every line that matches, whoever wrote it: series that have the same name and labels are one.
 *
 * @param budget bounds the memory and work of reading
 * @throws StorageFailure if the directory cannot be read; RingmeterError RINGMETER_QUERY_LIMIT; the signal's reason
 */
export async function queryDirectory(directory: string, query: ResolvedQuery, budget: Budget): Promise<TimeSeries[]> {
  const { name, from, to } = query;
  const found = new Found(query, budget);
  const names = new Set([name, name.replace(LINE_SUFFIX, '')]);
  const wanted = { from, to, names };
  const readerOf = (file: FileName): FileReader => new FileReader(directory, file, wanted, () => {}, budget);
  for await (const { timestamp, metrics } of readFlushes(directory, wanted, readerOf))
    for (const metric of metrics) await found.add(metric, timestamp);
  return found.all;
}

/** What a query has found so far. */
class Found {
  private readonly series = new Map<string, TimeSeries>();
  /** By the labels of a series in one file, which are the same object in all its flushes. */
  private readonly lines = new WeakMap<object, Lines>();
  private readonly labels: readonly [name: string, value: string][];

  constructor(
    private readonly query: ResolvedQuery,
    private readonly budget: Budget,
  ) {
    this.labels = Object.entries(query.labels);
  }

  get all(): TimeSeries[] {
    return [...this.series.values()];
  }

  async add(metric: StoredMetric, timestamp: number): Promise<void> {
    const { definition, labels, width, values } = metric;
    const { name } = this.query;
    const samples = kindOf(definition)
      .samples(definition)
      .filter(({ suffix }) => name === definition.name || name === `${definition.name}${suffix}`);
    const visit = (series: number): void => {
      if (isMissing(metric, series)) return;
      const lines = this.linesOf(definition.name, labels[series]!, samples);
      for (let at = 0; at < samples.length; at++) {
        const line = lines[at];
        if (line === undefined) continue;
        this.budget.hold(1);
        line.points.push({ timestamp, value: readSample(samples[at], values, series * width) });
      }
    };
    await this.budget.each(values.length / width, visit, 20 + 10 * samples.length);
  }

  private linesOf(metric: string, series: Readonly<Record<string, string>>, samples: readonly Sample[]): Lines {
    let lines = this.lines.get(series);
    if (lines === undefined) {
      lines = samples.map(({ suffix, label }) => {
        const labels = { ...series, ...(label && { [label[0]]: label[1] }) };
        const matches = this.labels.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
        return matches ? this.seriesOf(`${metric}${suffix}`, labels) : undefined;
      });
      this.lines.set(series, lines);
    }
    return lines;
  }

  private seriesOf(name: string, labels: Record<string, string>): TimeSeries {
    // labels are sorted by name already
    const key = JSON.stringify([name, labels]);
    let result = this.series.get(key);
    if (result === undefined) {
      this.budget.holdObject(Object.keys(labels).length + 4, 2 * key.length);
      result = { name, labels, points: [] };
      this.series.set(key, result);
    }
    return result;
  }
}
