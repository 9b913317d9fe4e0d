import { BUCKETS, type RequestLabels } from '../workload';
import type { Kind } from './contender';

/** Where the numbers of one metric are. */
export interface FloorSeries extends Iterable<{ labels: RequestLabels; cells: Float64Array; at: number }> {
  kind: Kind;
}

const PART_LENGTH = 2 ** 16;

/** The floor's metrics in Prometheus' text format: the bytes that every library sends. */
export function floorText(metrics: readonly (readonly [name: string, series: FloorSeries])[]): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = [];
  let text = '';
  for (const [name, series] of metrics) {
    text += `# TYPE ${name} ${series.kind}\n`;
    for (const { labels, cells, at } of series) {
      const { method, status, route } = labels;
      const shown = `method="${method}",status="${status}",route="${route}"`;
      text += series.kind === 'histogram' ? histogramText(name, shown, cells, at) : `${name}{${shown}} ${cells[at]}\n`;
      if (text.length < PART_LENGTH) continue;
      // a text of all series may be longer than a string can be
      parts.push(Buffer.from(text));
      text = '';
    }
  }
  return Uint8Array.from(Buffer.concat([...parts, Buffer.from(text)]));
}

function histogramText(name: string, labels: string, cells: Float64Array, at: number): string {
  let text = '';
  let count = 0;
  for (let bucket = 0; bucket <= BUCKETS.length; bucket++) {
    count += cells[at + 1 + bucket];
    text += `${name}_bucket{${labels},le="${BUCKETS[bucket] ?? '+Inf'}"} ${count}\n`;
  }
  return `${text}${name}_sum{${labels}} ${cells[at]}\n${name}_count{${labels}} ${count}\n`;
}
