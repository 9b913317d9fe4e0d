import { samplesOf } from '../../aggregate/samples';
import type { ResolvedQuery, TimeSeries } from '../types';
import { isMissing, type StoredMetric } from './decode';
import type { FileName } from './names';
import { readFlushes } from './read';
import { FileReader } from './read-file';

const LINE_SUFFIX = /_(bucket|sum|count)$/;

/**
 * The history of every line that matches, whoever wrote it: series that have the same name and labels are one.
 *
 * @throws StorageFailure if the directory cannot be read
 */
export async function queryDirectory(directory: string, query: ResolvedQuery): Promise<TimeSeries[]> {
  const { name, from, to } = query;
  const found = new Map<string, TimeSeries>();
  const names = new Set([name, name.replace(LINE_SUFFIX, '')]);
  const wanted = { from, to, names };
  const readerOf = (file: FileName): FileReader => new FileReader(directory, file, wanted, () => {});
  for await (const { timestamp, metrics } of readFlushes(directory, wanted, readerOf))
    for (const metric of metrics) addPoints(found, metric, query, timestamp);
  return [...found.values()];
}

function addPoints(
  found: Map<string, TimeSeries>,
  metric: StoredMetric,
  query: ResolvedQuery,
  timestamp: number,
): void {
  const { definition, labels: series, width, values } = metric;
  const wanted = Object.entries(query.labels);
  const samples = samplesOf(definition).filter(
    ({ suffix }) => query.name === definition.name || query.name === `${definition.name}${suffix}`,
  );
  for (let column = 0, index = 0; column < values.length; column += width, index++) {
    if (isMissing(metric, index)) continue;
    for (const { suffix, label, read } of samples) {
      const labels = { ...series[index], ...(label && { [label[0]]: label[1] }) };
      if (!wanted.every(([key, value]) => (Object.hasOwn(labels, key) ? labels[key] : undefined) === value)) continue;
      timeSeries(found, `${definition.name}${suffix}`, labels).points.push({ timestamp, value: read(values, column) });
    }
  }
}

function timeSeries(found: Map<string, TimeSeries>, name: string, labels: Record<string, string>): TimeSeries {
  // labels are sorted by name already
  const key = JSON.stringify([name, labels]);
  let result = found.get(key);
  if (result === undefined) {
    result = { name, labels, points: [] };
    found.set(key, result);
  }
  return result;
}
