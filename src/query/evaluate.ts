import { type Aggregate, type Binary, type Call, type Node, type Subquery, unwrapped } from './ast';
import { Block, type Column, type Grid } from './block';
import { typeOf } from './check';
import { absent, presenceOf } from './functions/absent';
import { CLOCKS, mapClock } from './functions/clocks';
import { histogramQuantiles } from './functions/histogram-quantile';
import { joinLabels, replaceLabel } from './functions/label-functions';
import { mapCells, mapValues, VALUE_FUNCTIONS } from './functions/maths';
import { overRanges, presentAt, RANGE_FUNCTIONS } from './functions/ranges';
import { sorted } from './functions/sort';
import { Grouping, groupsOf } from './grouping';
import { isInvariant } from './invariant';
import { NO_LABELS } from './labels';
import { memoryOf } from './memory';
import { aggregate } from './operators/aggregations';
import { ofScalars, ofVectorAndScalar, ofVectors } from './operators/binary';
import { countValues, quantiles, selectExtremes } from './operators/selections';
import { combineSets } from './operators/sets';
import { type SelectContext, selectInstants, selectRanges } from './select';
import { SET_OPERATORS } from './signatures';
import { samplesOfSteps, stepsOf } from './subquery';
import type { Ranges } from './windows';

/** Evaluates nodes that have been checked, each at all the steps of a grid at once. */
export class Evaluation {
  constructor(private readonly reading: SelectContext) {}

  async scalar(node: Node, grid: Grid): Promise<Column> {
    await this.reading.budget.pause();
    const inner = unwrapped(node);
    switch (inner.kind) {
      case 'number':
        return this.column(grid, () => inner.value);
      case 'unary': {
        const column = await this.scalar(inner.expression, grid);
        if (inner.operator === '-') await this.negate(column);
        return column;
      }
      case 'binary':
        return ofScalars(
          inner,
          await this.scalar(inner.left, grid),
          await this.scalar(inner.right, grid),
          this.reading.budget,
        );
      case 'call':
        return this.scalarCall(inner, grid);
    }
    throw new Error(`not a scalar: ${inner.kind}`);
  }

  async vector(node: Node, grid: Grid): Promise<Block> {
    await this.reading.budget.pause();
    if (grid.count > 1 && isInvariant(node)) return this.repeated(await this.vector(node, { ...grid, count: 1 }), grid);
    const inner = unwrapped(node);
    switch (inner.kind) {
      case 'selector':
        return selectInstants(inner, grid, this.reading);
      case 'unary': {
        const block = await this.vector(inner.expression, grid);
        if (inner.operator === '+') return block;
        await mapCells(block, (value) => -value);
        return block.unnamed(memoryOf(inner));
      }
      case 'binary':
        return this.binary(inner, grid);
      case 'aggregate':
        return this.aggregate(inner, grid);
      case 'call':
        return this.call(inner, grid);
    }
    throw new Error(`not a vector: ${inner.kind}`);
  }

  async ranges(node: Node, grid: Grid): Promise<Ranges> {
    const inner = unwrapped(node);
    const { budget } = this.reading;
    if (inner.kind === 'selector') return selectRanges(inner, grid, this.reading);
    const subquery = inner as Subquery;
    const steps = stepsOf(subquery, grid, this.reading.bounds);
    budget.hold(steps.grid.count);
    const ranges = await samplesOfSteps(subquery, await this.vector(subquery.expression, steps.grid), steps, budget);
    budget.release(steps.grid.count);
    return ranges;
  }

  private async negate(column: Column): Promise<void> {
    const visit = (step: number): void => {
      column[step] = -column[step];
    };
    await this.reading.budget.each(column.length, visit, 1);
  }

  /** Makes a column, whose memory is charged until an operation releases it or the evaluation ends. */
  private async column({ start, step, count }: Grid, valueAt: (time: number) => number): Promise<Column> {
    const { budget } = this.reading;
    budget.hold(count);
    const column = new Float64Array(count);
    const visit = (index: number): void => {
      column[index] = valueAt(start + index * step);
    };
    await budget.each(count, visit, 1);
    return column;
  }

  private async scalarCall({ name, args }: Call, grid: Grid): Promise<Column> {
    if (name === 'time') return this.column(grid, (time) => time / 1_000);
    if (name === 'pi') return this.column(grid, () => Math.PI);
    const block = await this.vector(args[0], grid);
    const { values, present } = block;
    const column = await this.column(grid, () => Number.NaN);
    const counts = await block.counts();
    await block.eachCells((from, to, first) => {
      for (let cell = from; cell < to; cell++)
        if (present[cell] === 1 && counts[cell - first] === 1) column[cell - first] = values[cell];
    });
    this.reading.budget.release(grid.count);
    block.release();
    return column;
  }

  /** Repeats a block of one step at all steps of the grid. */
  private async repeated(block: Block, { count }: Grid): Promise<Block> {
    const result = Block.of(block.labels, count, this.reading.budget);
    await result.eachCells((from, to, _first, series) => {
      result.values.fill(block.values[series], from, to);
      result.present.fill(block.present[series], from, to);
    });
    block.release();
    return result;
  }

  private async binary(node: Binary, grid: Grid): Promise<Block> {
    const { left, right, operator, matching } = node;
    const { budget } = this.reading;
    if (typeOf(left) === 'scalar')
      return ofVectorAndScalar(
        node,
        await this.vector(right, grid),
        await this.scalar(left, grid),
        true,
        budget,
        memoryOf(node),
      );
    const block = await this.vector(left, grid);
    if (typeOf(right) === 'scalar')
      return ofVectorAndScalar(node, block, await this.scalar(right, grid), false, budget, memoryOf(node));
    const other = await this.vector(right, grid);
    if (SET_OPERATORS.has(operator)) return combineSets(operator, block, other, matching, budget, memoryOf(node));
    return ofVectors(node, block, other, budget, memoryOf(node));
  }

  private async aggregate(node: Aggregate, grid: Grid): Promise<Block> {
    const { operator, parameter, expression } = node;
    const { budget } = this.reading;
    const block = await this.vector(expression, grid);
    if (operator === 'count_values') return countValues(block, text(parameter!), node, budget);
    const groups = await memoryOf(node).of(block.labels, budget, (labels) =>
      groupsOf(labels, new Grouping(node.labels, node.without), budget),
    );
    if (parameter === undefined) return aggregate(operator, block, groups, budget);
    const column = await this.scalar(parameter, grid);
    if (operator === 'quantile') return quantiles(block, column, groups, budget);
    return selectExtremes(operator, block, column, groups, budget);
  }

  private async call(node: Call, grid: Grid): Promise<Block> {
    const { name, args } = node;
    const { budget } = this.reading;
    if (Object.hasOwn(RANGE_FUNCTIONS, name)) return this.rangeCall(node, grid);
    if (Object.hasOwn(VALUE_FUNCTIONS, name))
      return mapValues(name, await this.vector(args[0], grid), await this.scalars(args.slice(1), grid), memoryOf(node));
    if (Object.hasOwn(CLOCKS, name))
      return mapClock(
        name,
        args.length === 0 ? await this.now(grid) : await this.vector(args[0], grid),
        memoryOf(node),
      );
    switch (name) {
      case 'absent':
        return absent(args[0], await presenceOf(await this.vector(args[0], grid)), budget);
      case 'absent_over_time': {
        const ranges = await this.ranges(args[0], grid);
        const present = await presentAt(ranges, grid, budget);
        budget.release(ranges.held);
        return absent(args[0], present, budget);
      }
      case 'histogram_quantile':
        return histogramQuantiles(
          await this.scalar(args[0], grid),
          await this.vector(args[1], grid),
          budget,
          memoryOf(node),
        );
      case 'label_join':
        return joinLabels(await this.vector(args[0], grid), memoryOf(node), args.slice(1).map(text), budget);
      case 'label_replace':
        return replaceLabel(await this.vector(args[0], grid), memoryOf(node), args.slice(1).map(text), budget);
      case 'sort':
      case 'sort_desc':
        return sorted(await this.vector(args[0], grid), name === 'sort' ? -1 : 1, budget);
      case 'timestamp':
        return (await this.timestamp(args[0], grid)).unnamed(memoryOf(node));
      case 'vector': {
        const values = await this.scalar(args[0], grid);
        const block = Block.of([NO_LABELS], grid.count, budget);
        block.values.set(values);
        budget.release(grid.count);
        block.present.fill(1);
        return block;
      }
    }
    throw new Error(`unknown function: ${name}`);
  }

  private async rangeCall(node: Call, grid: Grid): Promise<Block> {
    const { name, args } = node;
    const { budget } = this.reading;
    const parameters = await this.scalars(
      args.filter((arg) => typeOf(arg) === 'scalar'),
      grid,
    );
    const ranges = await this.ranges(args.find((arg) => typeOf(arg) === 'matrix')!, grid);
    const block = await overRanges(name, ranges, parameters, grid, budget, memoryOf(node));
    budget.release(ranges.held);
    return block;
  }

  private async scalars(nodes: readonly Node[], grid: Grid): Promise<Column[]> {
    const columns: Column[] = [];
    for (const node of nodes) columns.push(await this.scalar(node, grid));
    return columns;
  }

  private async now(grid: Grid): Promise<Block> {
    const block = Block.of([NO_LABELS], grid.count, this.reading.budget);
    block.values.set(await this.column(grid, (time) => time / 1_000));
    this.reading.budget.release(grid.count);
    block.present.fill(1);
    return block;
  }

  private async timestamp(node: Node, grid: Grid): Promise<Block> {
    const inner = unwrapped(node);
    if (inner.kind === 'selector') return selectInstants(inner, grid, this.reading, true);
    const block = await this.vector(node, grid);
    await block.eachCells((from, to, first) => {
      for (let cell = from; cell < to; cell++) block.values[cell] = (grid.start + (cell - first) * grid.step) / 1_000;
    });
    return block;
  }
}

function text(node: Node): string {
  const inner = unwrapped(node);
  if (inner.kind !== 'string') throw new Error(`not a string: ${inner.kind}`);
  return inner.value;
}
