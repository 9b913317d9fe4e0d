import type { Node } from '../../dist/src/query/ast.js';
import { typeOf } from '../../dist/src/query/check.js';
import { isInvariant } from '../../dist/src/query/invariant.js';
import { parseExpression } from '../../dist/src/query/parse.js';

/** Where the answers may differ from those of Prometheus 2.42, and why. docs/query.md lists the same. */
export const KNOWN_DIFFERENCES: Readonly<Record<string, (node: Node) => boolean>> = {
  'a string in parentheses': (node) => node.kind === 'paren' && typeOf(node) === 'string',
  '@ in a function that looks at the time': (node) =>
    node.kind === 'call' && !isInvariant(node) && node.args.some((arg) => typeOf(arg) === 'matrix' && isInvariant(arg)),
  'the clock of no number': (node) => node.kind === 'call' && CLOCKS.test(node.name) && node.args.length === 1,
};

const CLOCKS = /^(day|days|hour|minute|month|year)/;

/** The known differences that an expression may show. */
export function knownDifferences(expression: string): string[] {
  const nodes = [...nodesOf(parseExpression(expression))];
  return Object.entries(KNOWN_DIFFERENCES).flatMap(([name, applies]) => (nodes.some(applies) ? [name] : []));
}

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  if ('expression' in node) yield* nodesOf(node.expression);
  if (node.kind === 'call') for (const arg of node.args) yield* nodesOf(arg);
  if (node.kind === 'aggregate' && node.parameter !== undefined) yield* nodesOf(node.parameter);
  if (node.kind === 'binary') for (const side of [node.left, node.right]) yield* nodesOf(side);
}
