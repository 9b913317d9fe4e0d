import { formatDuration } from '../common/duration';
import { formatGeneral } from '../common/format-float';
import { quote } from '../common/go-string';
import {
  type Aggregate,
  type At,
  allMatchers,
  type Binary,
  type Node,
  type Selector,
  type Shift,
  type Unary,
} from './ast';
import { SET_OPERATORS } from './signatures';

/** An expression in one line, as Prometheus writes it: matchers in order. Parsing it gives an equal expression. */
export function printExpression(node: Node): string {
  switch (node.kind) {
    case 'number':
      return formatGeneral(node.value);
    case 'string':
      return quote(node.value);
    case 'selector':
      return printSelector(node);
    case 'subquery': {
      const step = node.step === undefined ? '' : formatDuration(node.step);
      return `${printExpression(node.expression)}[${formatDuration(node.range)}:${step}]${printShift(node)}`;
    }
    case 'call':
      return `${node.name}(${node.args.map(printExpression).join(', ')})`;
    case 'aggregate':
      return printAggregate(node);
    case 'binary':
      return printBinary(node);
    case 'unary':
      return printSigned(node);
    case 'paren':
      return `(${printExpression(node.expression)})`;
  }
}

/** The sign of a number is a part of it. */
function printSigned({ operator, expression }: Unary): string {
  if (expression.kind !== 'number') return operator + printExpression(expression);
  return formatGeneral(operator === '-' ? -expression.value : expression.value);
}

function printSelector(node: Selector): string {
  const matchers = node.name === undefined ? allMatchers(node) : node.matchers;
  const written = matchers.map(({ name, operator, value }) => `${name}${operator}${quote(value)}`);
  const braces = written.length === 0 ? '' : `{${written.sort().join(',')}}`;
  const range = node.range === undefined ? '' : `[${formatDuration(node.range)}]`;
  return `${node.name ?? ''}${braces}${range}${printShift(node)}`;
}

function printShift({ at, offset }: Shift): string {
  const moment = at === undefined ? '' : ` @ ${printAt(at)}`;
  return moment + (offset === undefined ? '' : ` offset ${formatDuration(offset)}`);
}

function printAt(at: At): string {
  return typeof at === 'number' ? (at / 1_000).toFixed(3) : `${at}()`;
}

function printAggregate({ operator, parameter, expression, without, labels }: Aggregate): string {
  const by = labels.length === 0 && !without ? '' : ` ${without ? 'without' : 'by'} (${labels.join(', ')}) `;
  const args = parameter === undefined ? [expression] : [parameter, expression];
  return `${operator}${by}(${args.map(printExpression).join(', ')})`;
}

function printBinary({ operator, left, right, bool, matching }: Binary): string {
  let between = bool ? `${operator} bool` : operator;
  if (matching !== undefined) {
    const { on, labels, many, include } = matching;
    const isSaid = on || labels.length > 0 || (many !== undefined && !SET_OPERATORS.has(operator));
    if (isSaid) between += ` ${on ? 'on' : 'ignoring'} (${labels.join(', ')})`;
    if (many !== undefined) between += ` group_${many} (${include.join(', ')})`;
  }
  return `${printExpression(left)} ${between} ${printExpression(right)}`;
}
