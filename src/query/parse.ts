import { parseDuration } from '../common/duration';
import { unquote } from '../common/go-string';
import type { Aggregate, At, Matching, Node, Selector, Shift } from './ast';
import { checkTypes } from './check';
import { invalid } from './failure';
import { readNumber } from './number-literal';
import { compileRegex, MOST_INSTRUCTIONS } from './regex';
import { precedenceOf, UNARY_PRECEDENCE } from './signatures';
import { childrenOf, readTree, type Tree } from './tree';
import type { Matcher } from './types';

/**
 * Reads PromQL, and checks its types as Prometheus does.
 *
 * @throws RingmeterError RINGMETER_INVALID_QUERY, which says where and what was expected
 */
export function parseExpression(text: string): Node {
  if (typeof text !== 'string') throw invalid('an expression must be a string', String(text), 0);
  const [top] = childrenOf(readTree(text));
  const node = new Reader(text).read(top);
  checkTypes(node, text);
  return node;
}

/** Throws what `parseExpression` throws. */
export function checkExpression(text: string): void {
  parseExpression(text);
}

/** Converts the tree of the grammar package to nodes. */
class Reader {
  /** Of the regular expressions so far. */
  private instructions = 0;

  constructor(private readonly text: string) {}

  read(tree: Tree): Node {
    const { from, to } = tree;
    switch (tree.name) {
      case 'NumberDurationLiteral':
        return this.number(tree);
      case 'StringLiteral':
        return { kind: 'string', value: this.string(tree), from, to };
      case 'VectorSelector':
        return this.selector(tree);
      case 'MatrixSelector':
        return this.range(tree);
      case 'SubqueryExpr':
        return this.subquery(tree);
      case 'OffsetExpr':
        return this.offset(tree);
      case 'StepInvariantExpr':
        return this.at(tree);
      case 'ParenExpr':
        return { kind: 'paren', expression: this.read(tree.firstChild!), from, to };
      case 'UnaryExpr': {
        const [sign, inner] = childrenOf(tree);
        return { kind: 'unary', operator: this.of(sign) as '+' | '-', expression: this.read(inner), from, to };
      }
      case 'BinaryExpr':
        return this.binary(tree);
      case 'FunctionCall': {
        const [name, body] = childrenOf(tree);
        return { kind: 'call', name: this.of(name), args: childrenOf(body).map((arg) => this.read(arg)), from, to };
      }
      case 'AggregateExpr':
        return this.aggregate(tree);
    }
    throw this.wrong(`${tree.name} is not supported`, tree);
  }

  private of({ from, to }: Tree): string {
    return this.text.slice(from, to);
  }

  private wrong(message: string, { from }: { from: number }): Error {
    return invalid(message, this.text, from);
  }

  /** A sign is a node of its own: it binds less than `^`. */
  private number(tree: Tree): Node {
    const [, sign, digits] = /^([+-]?)\s*(.*)$/s.exec(this.of(tree))!;
    const { from, to } = tree;
    const value = readNumber(digits);
    if (value === undefined)
      throw this.wrong(`${digits} is not a number: Prometheus 2 does not accept durations or "_" here`, tree);
    const literal: Node = { kind: 'number', value, from: to - digits.length, to };
    return sign === '' ? literal : { kind: 'unary', operator: sign as '+' | '-', expression: literal, from, to };
  }

  private string(tree: Tree): string {
    const value = unquote(this.of(tree));
    if (value === undefined)
      throw this.wrong(`${this.of(tree)} is not a valid string: expected the quotes and escapes of Go`, tree);
    return value;
  }

  private selector(tree: Tree): Selector {
    const children = childrenOf(tree);
    const identifier = children.find(({ name }) => name === 'Identifier');
    const braces = children.find(({ name }) => name === 'LabelMatchers');
    const matchers = braces === undefined ? [] : childrenOf(braces).map((matcher) => this.matcher(matcher));
    const { from, to } = tree;
    const name = identifier && this.of(identifier);
    return { kind: 'selector', name, matchers, range: undefined, offset: undefined, at: undefined, from, to };
  }

  private matcher(tree: Tree): Matcher {
    if (tree.name !== 'UnquotedLabelMatcher')
      throw this.wrong('names in quotes are not supported: they came with Prometheus 3', tree);
    const [name, operator, value] = childrenOf(tree);
    const matcher = { name: this.of(name), operator: this.of(operator), value: this.string(value) } as Matcher;
    if (matcher.operator.endsWith('~')) this.checkRegex(matcher.value, value);
    return matcher;
  }

  private checkRegex(text: string, place: Tree): void {
    const regex = compileRegex(text);
    if (regex === undefined)
      throw this.wrong(`${JSON.stringify(text)} is not a valid regular expression in RE2's syntax`, place);
    this.instructions += regex.programSize();
    if (this.instructions > MOST_INSTRUCTIONS)
      throw this.wrong(
        `the regular expressions are too large: they compile to ${this.instructions} instructions, more than the limit of ${MOST_INSTRUCTIONS}`,
        place,
      );
  }

  private duration(tree: Tree): number {
    const text = this.of(tree);
    const duration = parseDuration(text);
    if (duration === undefined) throw this.wrong(`expected a duration like 5m, found ${text}`, tree);
    if (duration === 0) throw this.wrong('a duration must be longer than 0', tree);
    return duration;
  }

  private range(tree: Tree): Node {
    const [inner, duration] = childrenOf(tree);
    return this.onLast(this.read(inner), (node) => {
      if (node.kind !== 'selector' || node.range !== undefined)
        throw this.wrong('a range must directly follow a selector', tree);
      if (node.offset !== undefined || node.at !== undefined)
        throw this.wrong('offset and @ must follow the range', tree);
      return { ...node, range: this.duration(duration), to: tree.to };
    });
  }

  private subquery(tree: Tree): Node {
    const [inner, range, step] = childrenOf(tree);
    return this.onLast(this.read(inner), (expression) => ({
      kind: 'subquery',
      expression,
      range: this.duration(range),
      step: step && this.duration(step),
      offset: undefined,
      at: undefined,
      from: expression.from,
      to: tree.to,
    }));
  }

  private offset(tree: Tree): Node {
    const [inner, , ...durations] = childrenOf(tree);
    const duration = durations[durations.length - 1];
    const between = this.text.slice(inner.to, duration.to).replace(/#.*/g, '');
    const [, sign, text] = /^\s*offset\s*([+-]?)\s*(\S*)$/i.exec(between) ?? [];
    if (text === undefined || sign === '+') throw this.wrong('expected a duration like 5m or -5m', duration);
    const at = { from: duration.to - text.length };
    const offset = parseDuration(text);
    if (offset === undefined) throw this.wrong(`expected a duration like 5m, found ${text}`, at);
    if (offset === 0) throw this.wrong('a duration must be longer than 0', at);
    return this.shift(tree, inner, { offset: sign === '-' ? -offset : offset });
  }

  private at(tree: Tree): Node {
    const [inner, , time] = childrenOf(tree);
    const text = this.of(time).replace(/\s/g, '');
    if (time.name === 'AtModifierPreprocessors')
      return this.shift(tree, inner, { at: /^start/i.test(text) ? 'start' : 'end' });
    const seconds = readNumber(text);
    if (seconds === undefined || !Number.isFinite(seconds) || Math.abs(seconds) > 2 ** 53 / 1_000)
      throw this.wrong(`expected a time in seconds, found ${text}`, time);
    return this.shift(tree, inner, { at: Math.round(seconds * 1_000) });
  }

  private shift(tree: Tree, inner: Tree, shift: Shift): Node {
    const [[name, value]] = Object.entries(shift) as [keyof Shift, number | At][];
    return this.onLast(this.read(inner), (node) => {
      const written = name === 'at' ? '@' : name;
      if (node.kind !== 'selector' && node.kind !== 'subquery')
        throw this.wrong(`${written} must directly follow a selector, a range or a subquery`, tree);
      if (node[name] !== undefined) throw this.wrong(`${written} must not be given twice`, tree);
      return { ...node, [name]: value, to: tree.to };
    });
  }

  /**
   * Applies a modifier after an expression to the last operand. In the grammar package's tree it applies to the whole
   * expression; in PromQL `a + b offset 5m` shifts only b.
   */
  private onLast(node: Node, apply: (last: Node) => Node): Node {
    if (node.kind === 'unary') return { ...node, expression: this.onLast(node.expression, apply) };
    return node.kind === 'binary' ? { ...node, right: this.onLast(node.right, apply) } : apply(node);
  }

  private binary(tree: Tree): Node {
    const children = childrenOf(tree);
    const [left, operator] = children;
    const right = this.read(children[children.length - 1]);
    const clause = children.find(({ name }) => name === 'MatchingModifierClause');
    const matching = clause && this.matching(clause);
    const bool = children.some(({ name }) => name === 'BoolModifier');
    return this.combine(this.read(left), { operator: this.of(operator).toLowerCase(), right, bool, matching });
  }

  /** Appends an operator to an expression, whose last operand it takes over if it binds more strongly. */
  private combine(left: Node, rest: { operator: string; right: Node; bool: boolean; matching?: Matching }): Node {
    const precedence = precedenceOf(rest.operator);
    const takes = (other: number): boolean => other < precedence || (other === precedence && rest.operator === '^');
    if (left.kind === 'unary' && takes(UNARY_PRECEDENCE))
      return { ...left, expression: this.combine(left.expression, rest), to: rest.right.to };
    if (left.kind === 'binary' && takes(precedenceOf(left.operator)))
      return { ...left, right: this.combine(left.right, rest), to: rest.right.to };
    return { kind: 'binary', left, ...rest, from: left.from, to: rest.right.to };
  }

  private matching(tree: Tree): Matching {
    const children = childrenOf(tree);
    const [labels, include] = children.filter(({ name }) => name === 'GroupingLabels');
    const many = children.find(({ name }) => name === 'GroupLeft' || name === 'GroupRight');
    return {
      on: children[0].name === 'On',
      labels: this.labels(labels),
      many: many && (many.name === 'GroupLeft' ? 'left' : 'right'),
      include: include === undefined ? [] : this.labels(include),
    };
  }

  private labels(tree: Tree): string[] {
    return childrenOf(tree).map((label) => {
      if (label.name === 'LabelName') return this.of(label);
      throw this.wrong('names in quotes are not supported: they came with Prometheus 3', label);
    });
  }

  private aggregate(tree: Tree): Aggregate {
    const children = childrenOf(tree);
    const operator = this.of(children[0]).toLowerCase();
    const body = children.find(({ name }) => name === 'FunctionCallBody')!;
    const modifier = children.find(({ name }) => name === 'AggregateModifier');
    const [how, labels] = modifier === undefined ? [] : childrenOf(modifier);
    const args = childrenOf(body).map((arg) => this.read(arg));
    const wanted = ['topk', 'bottomk', 'quantile', 'count_values', 'limitk', 'limit_ratio'].includes(operator) ? 2 : 1;
    if (args.length !== wanted) throw this.wrong(`${operator} takes ${wanted} arguments, got ${args.length}`, body);
    const { from, to } = tree;
    return {
      kind: 'aggregate',
      operator,
      parameter: wanted === 2 ? args[0] : undefined,
      expression: args[args.length - 1],
      without: how?.name === 'Without',
      labels: labels === undefined ? [] : this.labels(labels),
      from,
      to,
    };
  }
}
