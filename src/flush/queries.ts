// not the globals: there are realms that have none, or whose timers are not node's
import { clearTimeout, setTimeout } from 'node:timers';
import { eitherSignal } from '../common/either-signal';
import { RingmeterError } from '../common/errors';
import { QUERIES_AT_ONCE, QUERIES_WAITING, QUERY_TIMEOUT_MS } from '../query/query-limits';
import { QueryLate } from '../query/refusals';
import { Slots } from '../query/slots';
import type { QueryEngine, QueryResult, RangeResult, SampleSource } from '../query/types';

/** What a thread evaluates PromQL with. */
export interface QueryTools {
  readonly engine: QueryEngine;
  /** What the engine reads. */
  readonly source: SampleSource;
}

export interface QueryWish {
  /** Gives up when it is aborted. */
  signal?: AbortSignal;
  /** Milliseconds, the time that is spent waiting for others included. Default QUERY_TIMEOUT_MS. */
  timeout?: number;
}

/**
 * All PromQL that is evaluated on one thread, whoever asks: the collector, an endpoint, rules. It reads the collector's
 * first MemoryStorage.
 */
export class Queries {
  private readonly slots = new Slots(QUERIES_AT_ONCE, QUERIES_WAITING);
  private readonly closing = new AbortController();
  private tools: QueryTools | undefined;

  /** @param open called when something is asked first; gives none where there is no MemoryStorage */
  constructor(private readonly open: () => QueryTools | undefined) {}

  /** @throws what `use` and the engine throw */
  instant(expression: string, time: number, wish?: QueryWish): Promise<QueryResult> {
    return this.use(({ engine }, signal) => engine.instant(expression, time, signal), wish);
  }

  /** @throws what `use` and the engine throw */
  range(expression: string, start: number, end: number, step: number, wish?: QueryWish): Promise<RangeResult> {
    return this.use(({ engine }, signal) => engine.range(expression, start, end, step, signal), wish);
  }

  /**
   * Does something while it has one of the few slots.
   *
   * @throws RingmeterError RINGMETER_NO_STORAGE; RINGMETER_CLOSED; RINGMETER_QUERY_LIMIT as QueryLate or QueryCrowded;
   * the reason of the wish's signal
   */
  async use<T>(
    work: (tools: QueryTools, signal: AbortSignal) => T | Promise<T>,
    { signal, timeout = QUERY_TIMEOUT_MS }: QueryWish = {},
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

  /** Gives up whatever is being evaluated. */
  close(): void {
    this.closing.abort(new RingmeterError('RINGMETER_CLOSED', 'the collector has been closed'));
  }

  private present(): QueryTools {
    this.tools ??= this.open();
    if (this.tools !== undefined) return this.tools;
    throw new RingmeterError('RINGMETER_NO_STORAGE', 'queries need a MemoryStorage, and this collector has none here');
  }
}
