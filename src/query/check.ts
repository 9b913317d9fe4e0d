import { type Aggregate, allMatchers, type Binary, type Call, type Node, type Selector, type ValueType } from './ast';
import { invalid } from './failure';
import { matcherTest } from './matchers';
import { AGGREGATIONS, COMPARISONS, SET_OPERATORS, SIGNATURES, type Signature } from './signatures';

const NAMES: Readonly<Record<ValueType, string>> = {
  scalar: 'a scalar',
  string: 'a string',
  vector: 'an instant vector',
  matrix: 'a range vector',
};

/** The type of a node that has been checked. */
export function typeOf(node: Node): ValueType {
  switch (node.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
      return node.range === undefined ? 'vector' : 'matrix';
    case 'subquery':
      return 'matrix';
    case 'call':
      return SIGNATURES.get(node.name)!.result;
    case 'aggregate':
      return 'vector';
    case 'binary':
      return typeOf(node.left) === 'scalar' && typeOf(node.right) === 'scalar' ? 'scalar' : 'vector';
    case 'unary':
    case 'paren':
      return typeOf(node.expression);
  }
}

/** Throws RINGMETER_INVALID_QUERY if an operand has a wrong type, or a call has too many or too few arguments. */
export function checkTypes(node: Node, text: string): void {
  new Checker(text).check(node);
}

class Checker {
  constructor(private readonly text: string) {}

  /** Returns the type of a valid node; throws otherwise. */
  check(node: Node): ValueType {
    switch (node.kind) {
      case 'selector':
        this.checkSelector(node);
        break;
      case 'subquery':
        this.expect(node.expression, 'vector', 'a subquery');
        break;
      case 'call':
        this.checkCall(node);
        break;
      case 'aggregate':
        this.checkAggregate(node);
        break;
      case 'binary':
        this.checkBinary(node);
        break;
      case 'unary': {
        const type = this.check(node.expression);
        if (type === 'string' || type === 'matrix')
          throw this.wrong(`a unary + or - needs a scalar or an instant vector, got ${NAMES[type]}`, node.expression);
        break;
      }
      case 'paren':
        this.check(node.expression);
        break;
    }
    return typeOf(node);
  }

  private wrong(message: string, { from }: { from: number }): Error {
    return invalid(message, this.text, from);
  }

  private expect(node: Node, type: ValueType, what: string): void {
    const given = this.check(node);
    if (given !== type) throw this.wrong(`${what} needs ${NAMES[type]}, got ${NAMES[given]}`, node);
  }

  private checkSelector(node: Selector): void {
    if (node.name !== undefined && node.matchers.some(({ name }) => name === '__name__'))
      throw this.wrong('the name of the metric must not be given twice', node);
    if (allMatchers(node).every((matcher) => matcherTest(matcher)('')))
      throw this.wrong('a selector must have a matcher that does not match the empty string', node);
  }

  private checkCall(node: Call): void {
    const { name, args } = node;
    const signature = SIGNATURES.get(name);
    if (signature === undefined) {
      const why = name.startsWith('histogram_')
        ? 'it needs native histograms, which are not supported'
        : 'Prometheus 2.42 does not have it';
      throw this.wrong(`the function ${name}() is not supported: ${why}`, node);
    }
    const { args: types, optional } = signature;
    const least = types.length - Math.abs(optional);
    if (args.length < least || (optional !== -1 && args.length > types.length))
      throw this.wrong(`${name}() takes ${counts(signature)}, got ${args.length}`, node);
    for (const [index, arg] of args.entries()) this.expect(arg, types[Math.min(index, types.length - 1)], `${name}()`);
  }

  private checkAggregate({ operator, parameter, expression, from }: Aggregate): void {
    if (!AGGREGATIONS.has(operator))
      throw this.wrong(`${operator} is not supported: Prometheus 2.42 does not have it`, { from });
    if (parameter !== undefined) this.expect(parameter, AGGREGATIONS.get(operator)!, `the parameter of ${operator}`);
    this.expect(expression, 'vector', operator);
  }

  private checkBinary(node: Binary): void {
    const { operator, left, right, bool, matching } = node;
    const types = [left, right].map((side) => {
      const type = this.check(side);
      if (type === 'string' || type === 'matrix')
        throw this.wrong(`${operator} needs scalars or instant vectors, got ${NAMES[type]}`, side);
      return type;
    });
    const scalars = types.filter((type) => type === 'scalar').length;
    if (bool && !COMPARISONS.has(operator)) throw this.wrong('bool is only possible with comparisons', node);
    if (scalars === 2 && COMPARISONS.has(operator) && !bool)
      throw this.wrong(`a comparison of scalars needs bool: ${operator} bool`, node);
    if (scalars > 0 && SET_OPERATORS.has(operator)) throw this.wrong(`${operator} needs instant vectors`, node);
    if (matching === undefined) return;
    if (scalars > 0 && matching.labels.length > 0)
      throw this.wrong(`${matching.on ? 'on' : 'ignoring'} is only possible between instant vectors`, node);
    const both = matching.on && matching.labels.find((label) => matching.include.includes(label));
    if (both)
      throw this.wrong(`the label ${both} must not be in on() and in the group modifier at the same time`, node);
    if (matching.many !== undefined && SET_OPERATORS.has(operator))
      throw this.wrong(`group_${matching.many} is not possible with ${operator}`, node);
  }
}

function counts({ args, optional }: Signature): string {
  const least = args.length - Math.abs(optional);
  if (optional === -1) return `at least ${least} arguments`;
  const most = args.length === 1 ? '1 argument' : `${args.length} arguments`;
  return optional === 0 ? most : `${least} or ${most}`;
}
