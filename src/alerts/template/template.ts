import { byName } from '../../common/names';
import { Allowance } from './allowance';
import { FUNCTIONS, isTrue, type TemplateSample } from './functions';
import { TemplateError } from './lexer';
import { parseTemplate } from './parser';
import { goText } from './printf';
import type { Command, Node, Operand, Pipeline } from './tree';

/** The data of a template. */
export interface TemplateData {
  readonly labels: Readonly<Record<string, string>>;
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Answers `query` in a template: the samples of an instant query, at the time of the evaluation. */
export type TemplateQuery = (expression: string) => Promise<readonly TemplateSample[]>;

/** Most queries of one template. */
const MOST_QUERIES = 64;

/** Thrown when the result of a query is missing. */
class Needed {
  constructor(readonly expression: string) {}
}

/**
 * A text with actions, in the subset of Go's template language that annotations use. Templates have no side effects:
 * they only make text.
 */
export class Template {
  private readonly nodes: readonly Node[];

  /** @throws TemplateError if it is not one, or has something that is not supported, by its name */
  constructor(text: string) {
    const known = (name: string): boolean => Object.hasOwn(FUNCTIONS, name) || SPECIAL.has(name);
    this.nodes = parseTemplate(text, known);
  }

  /**
   * Restarts after each missing result of a query has been fetched, so that the evaluation itself can be synchronous.
   *
   * @throws TemplateError; RingmeterError RINGMETER_QUERY_LIMIT; what the query throws
   */
  async expand(data: TemplateData, query: TemplateQuery): Promise<string> {
    const results = new Map<string, readonly TemplateSample[]>();
    for (;;)
      try {
        return new Expansion(data, results).text(this.nodes);
      } catch (error) {
        if (!(error instanceof Needed)) throw error;
        if (results.size === MOST_QUERIES)
          throw new TemplateError(`the template runs more than ${MOST_QUERIES} queries`);
        results.set(error.expression, await query(error.expression));
      }
  }
}

const SPECIAL = new Set(['query', 'and', 'or']);

/** One evaluation of a template. */
class Expansion {
  private readonly allowance = new Allowance();
  private dot: unknown;
  private readonly scopes: Map<string, unknown>[];

  constructor(
    { labels, externalLabels, value }: TemplateData,
    private readonly results: ReadonlyMap<string, readonly TemplateSample[]>,
  ) {
    this.dot = { Labels: labels, ExternalLabels: externalLabels, ExternalURL: '', Value: value };
    const defined = { $: this.dot, $labels: labels, $externalLabels: externalLabels, $externalURL: '', $value: value };
    this.scopes = [new Map<string, unknown>(Object.entries(defined))];
  }

  text(nodes: readonly Node[]): string {
    return nodes.map((node) => this.node(node)).join('');
  }

  private node(node: Node): string {
    if (node.kind === 'text' || node.kind === 'print') {
      const text = node.kind === 'text' ? node.text : this.print(node.pipeline);
      this.allowance.take(text.length + 1);
      return text;
    }
    this.scopes.push(new Map());
    try {
      return node.kind === 'range' ? this.range(node) : this.branch(node);
    } finally {
      this.scopes.pop();
    }
  }

  private print(pipeline: Pipeline): string {
    const value = this.pipeline(pipeline);
    if (pipeline.variables.length === 0) return goText(value);
    this.assign(pipeline, value);
    return '';
  }

  private branch({ kind, pipeline, body, otherwise }: Node & { kind: 'if' | 'with' | 'range' }): string {
    const value = this.pipeline(pipeline);
    this.assign(pipeline, value);
    if (!isTrue(value)) return this.text(otherwise);
    return kind === 'with' ? this.withDot(value, body) : this.text(body);
  }

  private range({ pipeline, body, otherwise }: Node & { kind: 'if' | 'with' | 'range' }): string {
    const value = this.pipeline(pipeline) ?? [];
    if (typeof value !== 'object') throw new TemplateError(`range cannot iterate over ${goText(value)}`);
    const entries = Array.isArray(value)
      ? value.map((one, index) => [index, one] as const)
      : Object.entries(value as object).sort(byName);
    if (entries.length === 0) return this.text(otherwise);
    const { variables } = pipeline;
    return entries
      .map(([key, one]) => {
        this.allowance.take(1);
        const values = variables.length === 2 ? [key, one] : [one];
        for (const [index, variable] of variables.entries()) this.set(pipeline, variable, values[index]);
        return this.withDot(one, body);
      })
      .join('');
  }

  private withDot(dot: unknown, body: readonly Node[]): string {
    const before = this.dot;
    this.dot = dot;
    const text = this.text(body);
    this.dot = before;
    return text;
  }

  private assign(pipeline: Pipeline, value: unknown): void {
    for (const variable of pipeline.variables) this.set(pipeline, variable, value);
  }

  private set({ declares }: Pipeline, variable: string, value: unknown): void {
    const scope = declares ? undefined : this.scopes.findLast((scope) => scope.has(variable));
    (scope ?? this.scopes[this.scopes.length - 1]).set(variable, value);
  }

  private pipeline({ commands }: Pipeline): unknown {
    return commands.reduce<unknown>((before, command, index) => this.command(command, index > 0, before), undefined);
  }

  /** @param hasInput whether `input` is what came through the pipe, the last argument */
  private command([first, ...operands]: Command, hasInput: boolean, input: unknown): unknown {
    if (first.kind !== 'function') {
      if (hasInput) throw new TemplateError('only a function can follow a pipe');
      return this.operand(first);
    }
    if (first.name === 'and' || first.name === 'or') return this.choose(first.name, operands, hasInput, input);
    const values = operands.map((operand) => this.operand(operand));
    if (hasInput) values.push(input);
    return this.call(first.name, values);
  }

  /** Short-circuit evaluation: the first value that decides, or the last one. */
  private choose(name: 'and' | 'or', operands: readonly Operand[], hasInput: boolean, input: unknown): unknown {
    let value: unknown;
    for (const operand of operands) {
      value = this.operand(operand);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return hasInput ? input : value;
  }

  private call(name: string, values: unknown[]): unknown {
    if (name === 'query') {
      const expression = String(values[0]);
      const result = this.results.get(expression);
      if (result === undefined) throw new Needed(expression);
      return result;
    }
    const action = FUNCTIONS[name];
    if (values.length < action.length) throw new TemplateError(`${name} needs ${action.length} arguments`);
    const made = action.apply(this.allowance, values as never[]);
    this.allowance.take(typeof made === 'string' ? made.length + 1 : 1);
    return made;
  }

  private operand(operand: Operand): unknown {
    if (operand.kind === 'constant') return operand.value;
    if (operand.kind === 'function') return this.call(operand.name, []);
    const { root, fields } = operand;
    return fields.reduce((value, field) => fieldOf(value, field), this.root(root));
  }

  private root(root: (Operand & { kind: 'path' })['root']): unknown {
    if (root === 'dot') return this.dot;
    if ('commands' in root) return this.pipeline(root);
    return this.scopes.findLast((scope) => scope.has(root.variable))?.get(root.variable);
  }
}

/** A missing label is an empty text. */
function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TemplateError(`${goText(value)} has no field ${field}`);
  if (Object.hasOwn(value, field)) return (value as Record<string, unknown>)[field];
  if (Object.hasOwn(value, 'Labels')) throw new TemplateError(`the data of the template has no field ${field}`);
  return '';
}
