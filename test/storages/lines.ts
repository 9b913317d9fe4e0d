import { existsSync, readFileSync } from 'node:fs';

/** What fixtures/storages/lines.cjs has written. */
export interface StoredLine {
  event: 'open' | 'stored' | 'close';
  /** Wall-clock milliseconds. */
  at: number;
  timestamp?: number;
  /** Counters and gauges, all series of one added up. */
  values?: Record<string, number>;
}

export function readLines(file: string): StoredLine[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as StoredLine);
}
