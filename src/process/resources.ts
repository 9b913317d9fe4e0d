import type { Drainer } from '../drain/drain';
import type { Catalog } from '../registry/catalog';
import type { CallbackValue } from '../snapshot/collect';
import { WorkerBoard } from './board';
import type { DefaultMetrics } from './options';
import { ProcFile } from './proc-file';
import { publishedIn } from './published';
import { gauge, Report, type Sampler } from './report';
import type { StallWatch } from './stall-watch';

/** Milliseconds between two checks for stalls and CPU time between snapshots. */
const TURN_MS = 100;

const COST = gauge(
  'ringmeter_read_seconds',
  'Duration of the last reading of the process, the machine and the cgroup.',
);

/**
 * The default metrics that the flushing side can read without help from the measured threads: read for every snapshot.
 * One per thread of the flushing side. Does nothing until the collector has default metrics.
 */
export class Resources {
  private readonly files = new Map<string, ProcFile>();
  private readonly board: WorkerBoard | undefined;
  private report: Report | undefined;
  private sources: Sampler[] = [];
  private watch: StallWatch | undefined;
  private cost = 0;
  private nextTurn = 0;

  /** @param board of the flush workers; undefined on other threads */
  constructor(
    private readonly drainer: Drainer,
    private readonly catalog: Catalog,
    board: SharedArrayBuffer | undefined,
  ) {
    this.board = board && new WorkerBoard(board);
  }

  /** The values for a snapshot that is made now. */
  read(): readonly CallbackValue[] {
    const report = this.open();
    if (report === undefined) return [];
    const began = performance.now();
    for (const source of this.sources) attempt(source, report);
    report.set(COST, this.cost);
    this.cost = (performance.now() - began) / 1000;
    return report.take();
  }

  /** Called at every turn of the flush workers' loop. */
  tick(): void {
    const now = performance.now();
    if (now < this.nextTurn) return;
    this.nextTurn = now + TURN_MS;
    if (this.open() === undefined) return;
    this.board?.addCpuTime();
    this.watch?.tick();
  }

  /** Milliseconds after which `tick` should be called again. */
  get dueIn(): number {
    return this.watch === undefined ? Number.POSITIVE_INFINITY : TURN_MS;
  }

  get lastStall(): WorkerBoard['lastStall'] {
    return this.board?.lastStall;
  }

  close(): void {
    for (const file of this.files.values()) file.close();
    this.board?.close();
    // a later read would open the files again
    this.sources = [];
  }

  private open(): Report | undefined {
    if (this.report !== undefined) return this.report;
    const { arena } = this.drainer;
    const options = publishedIn(arena);
    if (options === undefined) return undefined;
    this.sources = this.sourcesFor(options);
    if (this.board !== undefined && options.stallThreshold > 0)
      this.watch = openWatch(this.drainer, this.board, options.stallThreshold);
    this.report = new Report(arena, options.prefix, options.labels);
    return this.report;
  }

  private sourcesFor(options: DefaultMetrics): Sampler[] {
    const { everySource } = require('./sources/every') as typeof import('./sources/every');
    const { drainer, catalog, board } = this;
    return everySource({ drainer, catalog, board, file: (path) => this.file(path) }, options);
  }

  private file(path: string): ProcFile {
    const file = this.files.get(path) ?? new ProcFile(path);
    this.files.set(path, file);
    return file;
  }
}

/** Loaded only here, like the sources: many collectors have no default metrics. */
function openWatch(drainer: Drainer, board: WorkerBoard, threshold: number): StallWatch {
  const { StallWatch } = require('./stall-watch') as typeof import('./stall-watch');
  return new StallWatch(drainer, board, threshold);
}

/** Ignores errors of a source: they must not make the snapshot fail. */
function attempt(source: Sampler, report: Report): void {
  try {
    source(report);
  } catch {}
}
