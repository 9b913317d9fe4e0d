import { type Node, type StringLiteral, unwrapped } from './ast';
import { Budget } from './budget';
import { typeOf } from './check';
import { Evaluation } from './evaluate';
import { invalid, limited, unanswerable } from './failure';
import { parseExpression } from './parse';
import { QUERY_LIMITS } from './query-limits';
import { regexAge } from './regex';
import { columnOf, instantOf, matrixOf, samplesOf } from './results';
import type { QueryEngine, QueryLimits, QueryResult, RangeResult, SampleSource } from './types';
import type { Bounds } from './windows';

/** Milliseconds after which a sample is stale. */
const LOOKBACK = 300_000;
/** Bounds of the cache of parsed expressions: their number, and their characters, of some 100 bytes of nodes each. */
const MOST_PARSED = 300;
const MOST_CHARACTERS = 300_000;

/** @param limits missing ones default to `QUERY_LIMITS` */
export function createQueryEngine(source: SampleSource, limits: Partial<QueryLimits> = {}): QueryEngine {
  return new Engine(source, { ...QUERY_LIMITS, ...limits });
}

class Engine implements QueryEngine {
  private readonly parsed = new Map<string, Node>();
  private characters = 0;
  private age = regexAge();

  constructor(
    private readonly source: SampleSource,
    private readonly limits: QueryLimits,
  ) {}

  async instant(expression: string, time: number, signal?: AbortSignal): Promise<QueryResult> {
    const node = this.parse(expression);
    checkTime('time', time);
    const grid = { start: time, step: 1, count: 1 };
    const { evaluation, budget } = this.evaluation({ start: time, end: time }, signal);
    switch (typeOf(node)) {
      case 'string':
        return { type: 'string', time, value: (unwrapped(node) as StringLiteral).value };
      case 'scalar':
        return { type: 'scalar', time, value: (await evaluation.scalar(node, grid))[0] };
      case 'matrix':
        return samplesOf(await evaluation.ranges(node, grid), budget);
      case 'vector':
        return instantOf(await evaluation.vector(node, grid), time, budget);
    }
  }

  async range(
    expression: string,
    start: number,
    end: number,
    step: number,
    signal?: AbortSignal,
  ): Promise<RangeResult> {
    const node = this.parse(expression);
    const type = typeOf(node);
    if (type !== 'scalar' && type !== 'vector')
      throw invalid('a range query needs a scalar or an instant vector', expression, node.from);
    checkTime('start', start);
    checkTime('end', end);
    if (!(step > 0)) throw unanswerable(`the step of a range query must be more than 0 ms, got ${step}`);
    const grid = { start, step, count: Math.max(0, Math.floor((end - start) / step) + 1) };
    if (grid.count > this.limits.maxSamples)
      throw limited(`the evaluation has ${grid.count} steps, more than the limit of ${this.limits.maxSamples} samples`);
    const { evaluation, budget } = this.evaluation({ start, end }, signal);
    if (type === 'vector') return matrixOf(await evaluation.vector(node, grid), grid, budget);
    return columnOf(await evaluation.scalar(node, grid), grid, budget);
  }

  private evaluation(bounds: Bounds, signal: AbortSignal | undefined) {
    const budget = new Budget(this.limits, signal);
    return { budget, evaluation: new Evaluation({ source: this.source, bounds, lookback: LOOKBACK, budget }) };
  }

  private parse(expression: string): Node {
    let node = this.parsed.get(expression);
    if (node === undefined) {
      node = parseExpression(expression);
      this.makeRoom(expression.length);
      this.parsed.set(expression, node);
    }
    return node;
  }

  private makeRoom(characters: number): void {
    const isFull = this.parsed.size >= MOST_PARSED || this.characters + characters > MOST_CHARACTERS;
    if (isFull || this.age !== regexAge()) {
      this.parsed.clear();
      this.characters = 0;
      this.age = regexAge();
    }
    this.characters += characters;
  }
}

function checkTime(name: string, time: number): void {
  if (!Number.isFinite(time)) throw unanswerable(`the time ${name} must be finite milliseconds, got ${time}`);
}
