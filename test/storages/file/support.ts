import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  FileStorage,
  type FileStorageOptions,
  type MetricsFlush,
  type ReadMetricsOptions,
  readMetricsDirectory,
} from 'ringmeter';
import type { Test } from 'tap';
import { type Metric, toMetrics } from '../../../dist/src/exposition/metrics.js';
import { collectorFor } from '../../instruments/support';
import { openStorage } from '../support';

/** A directory for metrics that is not there yet, with a path that is short enough for a socket in it. */
export function directoryFor(t: Test): string {
  const parent = mkdtempSync(join(tmpdir(), 'rm-'));
  t.teardown(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, 'metrics');
}

/** A collector with a file storage's backend on this thread, and what has been stored by it. */
export async function writerFor(t: Test, options: FileStorageOptions) {
  const collector = collectorFor(t);
  const opened = await openStorage(t, collector, new FileStorage(options));
  const stored: { timestamp: number; metrics: Metric[] }[] = [];
  let last = 0;
  return {
    collector,
    ...opened,
    stored,
    /** Takes a snapshot of a later millisecond than the last, and stores it. */
    async flush(signal = AbortSignal.timeout(60_000)): Promise<void> {
      while (Date.now() <= last) await new Promise((resolve) => setTimeout(resolve, 1));
      const snapshot = await opened.snapshot();
      last = snapshot.timestamp;
      await opened.backend.store(snapshot, { signal });
      stored.push({ timestamp: snapshot.timestamp, metrics: toMetrics(snapshot) });
    },
    close: async (signal = AbortSignal.timeout(60_000)) => opened.backend.close?.(signal),
  };
}

export async function readAll(directory: string, options: ReadMetricsOptions = {}): Promise<MetricsFlush[]> {
  const flushes: MetricsFlush[] = [];
  for await (const flush of readMetricsDirectory(directory, options)) flushes.push(flush);
  return flushes;
}

/** What a reader gets, without what only the writer knows. */
export async function readStored(
  directory: string,
  options: ReadMetricsOptions = {},
): Promise<{ timestamp: number; metrics: Metric[] }[]> {
  return (await readAll(directory, options)).map(({ timestamp, metrics }) => ({ timestamp, metrics }));
}

export function filesIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => /\.jsonl(\.gz)?$/.test(name));
}

/** The text of a file of metrics, compressed or not. */
export function textOf(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
}

/** Whether every line of a file is a JSON object, and the last one ends a flush. */
export function isWhole(text: string): boolean {
  const lines = text.split('\n');
  if (lines.pop() !== '') return false;
  return lines.every(isObject) && (lines.at(-1) ?? '').startsWith('{"flush":');
}

function isObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}
