import type { LRParser } from '@lezer/lr';
import { unquote } from '../common/go-string';
import { METRIC_NAME } from '../common/names';
import { invalid } from './failure';

// 0.55 is the grammar of the last Prometheus 2; later ones do not know holt_winters any more
// the package declares its types as ESM only, although it contains CommonJS code as well
const { parser } = require('@prometheus-io/lezer-promql') as { parser: LRParser };

/** A node of the grammar package's tree. */
export type Tree = ReturnType<LRParser['parse']>['topNode'];

/** Most nesting levels: more would overflow the stack of recursive functions. */
const DEEPEST = 500;
/** UTF-16 units. */
const LONGEST = 100_000;

/** The expected tokens for a syntax error, by the enclosing node. */
const EXPECTED: Readonly<Record<string, string>> = {
  LabelMatchers: 'a matcher like job="api", or "}"',
  UnquotedLabelMatcher: '=, !=, =~ or !~ and a quoted value',
  QuotedLabelMatcher: '=, !=, =~ or !~ and a quoted value',
  GroupingLabels: 'label names in parentheses',
  FunctionCallBody: 'an expression, "," or ")"',
  MatrixSelector: 'a duration like 5m and "]"',
  SubqueryExpr: 'a duration like 5m and "]"',
  NumberDurationLiteralInDurationContext: 'a duration like 5m',
  OffsetExpr: 'a duration like 5m',
  StepInvariantExpr: 'a time in seconds, start() or end()',
  AtModifierPreprocessors: '"(" and ")"',
  AggregateExpr: 'by or without with label names, or an expression in parentheses',
  AggregateModifier: 'label names in parentheses',
  MatchingModifierClause: 'label names in parentheses',
  ParenExpr: 'an expression and ")"',
  VectorSelector: 'an operator, or the end of the expression',
};

/** Reads the text with the grammar package of Prometheus. Throws RINGMETER_INVALID_QUERY where it is not PromQL. */
export function readTree(text: string): Tree {
  if (text.length > LONGEST) throw invalid(`the expression has more than ${LONGEST} characters`, text, 0);
  const { topNode } = parser.parse(text);
  const cursor = topNode.cursor();
  let depth = 0;
  for (;;) {
    if (cursor.type.isError) throw unreadable(text, cursor.node);
    if (depth > DEEPEST) throw invalid(`the expression is nested more than ${DEEPEST} levels deep`, text, cursor.from);
    if (cursor.firstChild()) {
      depth++;
      continue;
    }
    while (!cursor.nextSibling()) {
      if (!cursor.parent()) return topNode;
      depth--;
    }
  }
}

function unreadable(text: string, error: Tree): Error {
  const { parent, from, to } = error;
  const before = lastBefore(error);
  if (before?.name === 'StringLiteral' && unquote(text.slice(before.from, before.to)) === undefined)
    return invalid('expected a string that ends with the quote it begins with', text, before.from);
  const name = text.slice(parent!.from, from).trim();
  if (METRIC_NAME.test(name) && text[from] === '(') return invalid(`unknown function ${name}()`, text, parent!.from);
  const rest = text.slice(from, to > from ? to : from + 20).trim();
  const found = rest === '' ? 'the end' : JSON.stringify(rest);
  return invalid(`expected ${EXPECTED[parent!.name] ?? 'an expression'}, found ${found}`, text, from);
}

function lastBefore(node: Tree): Tree | null {
  let last = node.prevSibling;
  while (last?.lastChild) last = last.lastChild;
  return last;
}

/** The direct children of a node. */
export function childrenOf(node: Tree): Tree[] {
  const children: Tree[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (child.name !== 'LineComment') children.push(child);
  return children;
}
