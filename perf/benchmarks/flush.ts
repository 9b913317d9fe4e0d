import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, LabelledMetric, Library, Target } from '../contenders/contender';
import { Helper } from '../load/messages';
import type { Received } from '../load/receiver-process';
import { GapWatch } from '../measure/gaps';
import { median } from '../measure/statistics';
import type { Benchmark, Case, Outcome, Scale, Turn } from '../runner/benchmark';
import { everySeries } from '../workload';

/** One flush of many series to where the metrics are kept, while the main thread would have other things to do. */
export const benchmark: Benchmark<FlushCase> = {
  name: 'flush',
  about:
    'a flush of counters to files, a Pushgateway, by remote write, by OTLP: total time, gap of the serving event loop',
  cases,
  perform,
};

export type FlushCase = { target: Target; series: number };

/** What each has: prom-client pushes to a gateway, the OpenTelemetry SDK exports by OTLP. */
const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  ringmeter: ['file', 'pushgateway', 'remote-write', 'otlp'],
  'prom-client': ['pushgateway'],
  opentelemetry: ['otlp'],
};
const FLUSHES = { full: 7, quick: 3 };
const NAME = 'flushed_total';

/** Milliseconds of a flush, and of the main thread's gaps during it and without it. */
type Figures = Record<'ms' | 'gapMs' | 'ownGapMs' | 'quietGapMs', number>;

function cases(contender: string, scale: Scale): Case<FlushCase>[] {
  const series = scale === 'full' ? 100_000 : 20_000;
  const seconds = scale === 'full' ? 8 : 2;
  return (TARGETS[contender] ?? []).map((target) => ({ parameters: { target, series }, seconds }));
}

async function perform(load: () => Contender, { target, series }: FlushCase, turn: Turn): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'ringmeter-perf-'));
  const receiver = await Helper.start<object, Received>('receiver-process');
  const { url } = await receiver.ask({});
  const library = await load().open({ series, deliverTo: { target, url, directory } });
  const metric = library.labelled('counter', NAME);
  const run = metric.bind?.(series) ?? metric.run;
  const watch = new GapWatch();
  const seen: Figures[] = [];
  try {
    for (let flush = 0; flush <= FLUSHES[turn.scale]; flush++) {
      run(everySeries(series));
      await library.settle?.();
      await sleep(20);
      watch.take();
      await sleep(20);
      const quietGapMs = watch.take().ms;
      const began = performance.now();
      await library.flush!();
      const ms = performance.now() - began;
      const gap = watch.take();
      seen.push({ ms, gapMs: gap.ms, ownGapMs: gap.ownMs, quietGapMs });
    }
    const { requests, bytes } = await receiver.ask({});
    const mid = (column: keyof Figures): number => median(seen.slice(1).map((one) => one[column]));
    const figures = {
      flush: { ms: mid('ms'), gapMs: mid('gapMs'), ownGapMs: mid('ownGapMs'), quietGapMs: mid('quietGapMs') },
    };
    return {
      figures,
      wrong: await wrongIn(library, metric, { target, series, flushes: seen.length, requests, bytes }),
    };
  } finally {
    watch.end();
    receiver.end();
    await library.close?.();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Every flush must have arrived, and every record be there. */
async function wrongIn(
  library: Library,
  metric: LabelledMetric,
  { target, series, flushes, requests, bytes }: FlushCase & { flushes: number; requests: number; bytes: number },
): Promise<string[]> {
  const wrong: string[] = [];
  const delivered = library.flushed?.();
  if (delivered !== undefined && delivered !== flushes) wrong.push(`${flushes} flushes, ${delivered} delivered`);
  if (target !== 'file' && (requests < flushes || bytes < series))
    wrong.push(`${flushes} flushes of ${series} series arrived as ${requests} requests of ${bytes} bytes`);
  const { count } = await metric.read();
  if (count !== flushes * series) wrong.push(`${flushes * series} recorded, ${count} read back`);
  return wrong;
}
