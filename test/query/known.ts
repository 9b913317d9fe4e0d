import { type Node, unwrapped } from '../../dist/src/query/ast.js';
import { typeOf } from '../../dist/src/query/check.js';
import { isInvariant } from '../../dist/src/query/invariant.js';
import { parseExpression } from '../../dist/src/query/parse.js';

const OF_MANY = 3;
const CLOCKS = /^(day|days|hour|minute|month|year)/;

/** A selector of samples that are all numbers. */
function isNumbers(node: Node): boolean {
  return node.kind === 'selector' && node.name === 'moments';
}

/** Where the answers may differ from those of Prometheus 2.42, and why. docs/query.md lists the same. */
export const KNOWN_DIFFERENCES: Readonly<Record<string, (node: Node) => boolean>> = {
  'a string in parentheses': (node) => node.kind === 'paren' && typeOf(node) === 'string',
  '@ in a function that looks at the time': (node) =>
    node.kind === 'call' && !isInvariant(node) && node.args.some((arg) => typeOf(arg) === 'matrix' && isInvariant(arg)),
  'the clock of no number': (node) =>
    node.kind === 'call' && CLOCKS.test(node.name) && node.args.some((arg) => !isNumbers(arg)),
  'timestamp() of @ and offset': (node) => {
    if (node.kind !== 'call' || node.name !== 'timestamp') return false;
    const [arg] = node.args.map(unwrapped);
    return arg.kind === 'selector' && arg.at !== undefined && arg.offset !== undefined;
  },
  'count_values by many labels': (node) =>
    node.kind === 'aggregate' && node.operator === 'count_values' && !node.without && node.labels.length >= OF_MANY,
};

/** The known differences that an expression may show. */
export function knownDifferences(expression: string): string[] {
  let nodes: Node[] = [];
  try {
    nodes = [...nodesOf(parseExpression(expression))];
  } catch {
    // one that cannot be read has none
  }
  return Object.entries(KNOWN_DIFFERENCES).flatMap(([name, applies]) => (nodes.some(applies) ? [name] : []));
}

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  if ('expression' in node) yield* nodesOf(node.expression);
  if (node.kind === 'call') for (const arg of node.args) yield* nodesOf(arg);
  if (node.kind === 'aggregate' && node.parameter !== undefined) yield* nodesOf(node.parameter);
  if (node.kind === 'binary') for (const side of [node.left, node.right]) yield* nodesOf(side);
}

/** What Prometheus answers, and the grammar package does not read. */
export const NOT_READ = ['1.', '1.e3', 'offset'];
