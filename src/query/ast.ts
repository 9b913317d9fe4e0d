import type { Matcher } from './types';

/** What an expression evaluates to. */
export type ValueType = 'scalar' | 'string' | 'vector' | 'matrix';

/** The position of a node in the text: UTF-16 indexes, `end` exclusive. */
interface Place {
  readonly from: number;
  readonly to: number;
}

/** `@ 123`, in milliseconds, or `@ start()`, `@ end()`. */
export type At = number | 'start' | 'end';

/** `offset`, in milliseconds, and `@`. */
export interface Shift {
  offset?: number;
  at?: At;
}

export interface NumberLiteral extends Place {
  readonly kind: 'number';
  readonly value: number;
}

export interface StringLiteral extends Place {
  readonly kind: 'string';
  readonly value: string;
}

/** An instant vector selector, or with a `range` in milliseconds a range vector selector. */
export interface Selector extends Place, Shift {
  readonly kind: 'selector';
  /** What stands before the braces. */
  readonly name?: string;
  /** What stands between the braces, in order. */
  readonly matchers: readonly Matcher[];
  readonly range?: number;
}

/** Milliseconds; the engine's interval without a `step`. */
export interface Subquery extends Place, Shift {
  readonly kind: 'subquery';
  readonly expression: Node;
  readonly range: number;
  readonly step?: number;
}

export interface Call extends Place {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Node[];
}

export interface Aggregate extends Place {
  readonly kind: 'aggregate';
  readonly operator: string;
  readonly parameter?: Node;
  readonly expression: Node;
  readonly without: boolean;
  readonly labels: readonly string[];
}

/** How the series of two vectors are matched. */
export interface Matching {
  readonly on: boolean;
  readonly labels: readonly string[];
  /** On which side several series may match one of the other. */
  readonly many?: 'left' | 'right';
  /** Labels that the result takes from the "one" side. */
  readonly include: readonly string[];
}

export interface Binary extends Place {
  readonly kind: 'binary';
  readonly operator: string;
  readonly left: Node;
  readonly right: Node;
  readonly bool: boolean;
  /** As written. */
  readonly matching?: Matching;
}

export interface Unary extends Place {
  readonly kind: 'unary';
  readonly operator: '+' | '-';
  readonly expression: Node;
}

export interface Paren extends Place {
  readonly kind: 'paren';
  readonly expression: Node;
}

export type Node = NumberLiteral | StringLiteral | Selector | Subquery | Call | Aggregate | Binary | Unary | Paren;

/** Strips enclosing parentheses. */
export function unwrapped(node: Node): Exclude<Node, Paren> {
  return node.kind === 'paren' ? unwrapped(node.expression) : node;
}

const known = new WeakMap<Selector, readonly Matcher[]>();

/** All matchers of a selector, that of its name first. Cached: always the same array. */
export function allMatchers(node: Selector): readonly Matcher[] {
  let all = known.get(node);
  if (all === undefined) {
    const { name, matchers } = node;
    all = name === undefined ? matchers : [{ name: '__name__', operator: '=', value: name }, ...matchers];
    known.set(node, all);
  }
  return all;
}
