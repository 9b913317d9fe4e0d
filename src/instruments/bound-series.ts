import { SERIES_MASK } from '../arena/layout';
import { showsOnly } from '../common/inspection';
import type { Definition, LabelPairs } from '../kinds/definition';
import { kindOf } from '../kinds/kinds';
import { readLabels } from '../registry/series-key';
import type { CollectTimeValues } from './collect-time';
import type { LabelTree } from './label-tree';
import type { SeriesReading } from './reading';
import type { Recorder } from './recorder';
import type { Removal } from './removal';
import type { SeriesSet } from './series-set';

/** The objects and limits that all metrics of a collector share on one thread. */
export interface Instrumentation {
  readonly recorder: Recorder;
  readonly reading: SeriesReading;
  readonly removal: Removal;
  /** Most series of one metric, and of all metrics together. */
  readonly cardinalityLimit: number;
  readonly seriesLimit: number;
  /** Labels that every series gets, unless it has a label of the same name itself. */
  readonly defaultLabels: LabelPairs;
  /** Callbacks that are called when a snapshot is made. */
  readonly collectTime: CollectTimeValues;
  /** Where the label sets of all metrics are looked up. */
  readonly labelTree: LabelTree;
  /** Ids of the series that label sets have been resolved to on this thread. */
  readonly resolved: SeriesSet;
}

/**
 * One series of one metric, bound to the thread that asked for it. Resolve it once and keep it.
 *
 * It has few fields, so that a record fetches only one cache line: with very many series, none of them is in the
 * processor's caches when it is used.
 */
export abstract class BoundSeries {
  protected readonly recorder: Recorder;

  constructor(
    protected readonly metric: MetricContext,
    /** First half-word of the series' events. */
    readonly code: number,
    /** Pointer to the series' record; 0 if there was no room for it. */
    readonly record: number,
  ) {
    this.recorder = metric.recorder;
  }

  /** Number of the series in the arena; 0 if there was no room for it. */
  get id(): number {
    return this.code & SERIES_MASK;
  }

  /** Int32Array index of the shared epoch; 0 but for gauges. */
  abstract readonly epoch: number;

  /** Name of the metric. */
  get name(): string {
    return this.metric.definition.name;
  }

  /** Type and labels, for `console.log` and debuggers. */
  shown(): object {
    const { type, name } = this.metric.definition;
    const labels = this.record === 0 ? [] : readLabels(this.recorder.arena, this.record);
    return { type, name, labels: Object.fromEntries(labels) };
  }

  /** Counts a value that cannot be recorded, and warns about the first. */
  protected refuse(value: unknown): void {
    refuseValue(this.metric, value);
  }
}

showsOnly(BoundSeries, (series) => series.shown());

/** The data that all series of a metric share. */
export interface MetricContext extends Instrumentation {
  readonly definition: Definition;
  /** Pointer to the family's record. */
  readonly family: number;
}

/** Counts a value that cannot be recorded, and warns about the first. */
export function refuseValue({ recorder, definition: { name, type } }: MetricContext, value: unknown): undefined {
  const wanted = kindOf({ type }).recordable;
  const order = typeof value === 'object' && value !== null ? ': the value comes first, then the labels' : '';
  const got = typeof value === 'number' ? value : typeof value;
  recorder.refuse(`${name} takes ${wanted}, got ${got}${order}`, `${name} value`);
}
