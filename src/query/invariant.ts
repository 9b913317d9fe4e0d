import type { Node } from './ast';

/** Functions whose results depend on the time of the step. */
const OF_TIME = new Set(
  'days_in_month day_of_month day_of_week day_of_year hour minute month year predict_linear time timestamp'.split(' '),
);

const known = new WeakMap<Node, boolean>();

/** Whether an expression is the same at every step of a query, because of `@`. */
export function isInvariant(node: Node): boolean {
  let answer = known.get(node);
  if (answer === undefined) {
    answer = computeInvariant(node);
    known.set(node, answer);
  }
  return answer;
}

function computeInvariant(node: Node): boolean {
  switch (node.kind) {
    case 'number':
    case 'string':
      return true;
    case 'selector':
    case 'subquery':
      return node.at !== undefined;
    case 'call':
      return !OF_TIME.has(node.name) && node.args.every(isInvariant);
    case 'aggregate':
      return isInvariant(node.expression) && (node.parameter === undefined || isInvariant(node.parameter));
    case 'binary':
      return isInvariant(node.left) && isInvariant(node.right);
    case 'unary':
    case 'paren':
      return isInvariant(node.expression);
  }
}
