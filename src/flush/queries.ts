// not the globals: there are realms that have none, or whose timers are not node's

import { clearTimeout, setTimeout } from 'node:timers';
import { eitherSignal } from '../common/either-signal';
import { RingmeterError } from '../common/errors';
import type { EvaluationOptions } from '../endpoint/api/query';
import { QUERIES_AT_ONCE, QUERIES_WAITING, QUERY_TIMEOUT_MS } from '../query/query-limits';
import { QueryLate } from '../query/refusals';
import { Slots } from '../query/slots';
import type { QueryEngine, QueryResult, RangeResult, SampleSource } from '../query/types';

/** The engine and the data with which a thread evaluates PromQL. */
export interface QueryTools {
  readonly engine: QueryEngine;
  /** The samples that the engine reads. */
  readonly source: SampleSource;
}

/**
 * Evaluates all PromQL on one thread, for the collector, its endpoints and its rules. The queries read the collector's
 * first MemoryStorage.
 */
export class Queries {
  private readonly slots = new Slots(QUERIES_AT_ONCE, QUERIES_WAITING);
  private readonly closing = new AbortController();
  private tools: QueryTools | undefined;

  /** @param open called at the first query; returns undefined if there is no MemoryStorage */
  constructor(private readonly open: () => QueryTools | undefined) {}

  /** @throws what `use` and the engine throw */
  instant(expression: string, time: number, options?: Partial<EvaluationOptions>): Promise<QueryResult> {
    return this.use(({ engine }, signal) => engine.instant(expression, time, signal), options);
  }

  /** @throws what `use` and the engine throw */
  range(
    expression: string,
    start: number,
    end: number,
    step: number,
    options?: Partial<EvaluationOptions>,
  ): Promise<RangeResult> {
    return this.use(({ engine }, signal) => engine.range(expression, start, end, step, signal), options);
  }

  /**
   * Runs `work` while it holds one of the few slots, which limit concurrent queries.
   *
   * @throws RingmeterError RINGMETER_NO_STORAGE; RINGMETER_CLOSED; RINGMETER_QUERY_LIMIT as QueryLate or QueryCrowded;
   * the reason of the options' signal
   */
  async use<T>(
    work: (tools: QueryTools, signal: AbortSignal) => T | Promise<T>,
    { signal, timeout = QUERY_TIMEOUT_MS }: Partial<EvaluationOptions> = {},
  ): Promise<T> {
    const tools = this.present();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new QueryLate(timeout)), timeout).unref();
    const either = eitherSignal([this.closing.signal, late.signal, ...(signal === undefined ? [] : [signal])]);
    try {
      await this.slots.enter(either.signal);
      try {
        return await work(tools, either.signal);
      } finally {
        this.slots.leave();
      }
    } finally {
      clearTimeout(timer);
      either.release();
    }
  }

  /** Aborts all evaluations. */
  close(): void {
    this.closing.abort(new RingmeterError('RINGMETER_CLOSED', 'the collector has been closed'));
  }

  private present(): QueryTools {
    this.tools ??= this.open();
    if (this.tools !== undefined) return this.tools;
    throw new RingmeterError('RINGMETER_NO_STORAGE', 'queries need a MemoryStorage, and this collector has none');
  }
}
