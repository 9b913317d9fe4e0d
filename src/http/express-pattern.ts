import type { Layer, Match } from './express-layers';
import { probePattern } from './express-probe';

/** A key of a layer of express 4: the name of a capturing group, a number if it has none. */
export interface Key {
  readonly name: string | number;
}

/** One of the paths of a layer of express 4. */
interface Alternative {
  readonly regexp: RegExp;
  readonly pattern: string;
}

/** What path-to-regexp 0.1 appends to the expression of a mount. */
const MOUNT_END = /\/?(\\\/)?\??\(\?=\\?\/\|\$\)$/;
/** Captures of a parameter without an expression of its own. */
const PLAIN_CAPTURE = /^(\[\^|\(\?:\(\?!)/;

const known = new WeakMap<RegExp, readonly Alternative[]>();

/**
 * The pattern of a match. Routers from 2.3 on store it; for older ones the matchers are probed; for express 4 it is
 * reconstructed from the layer's expression. Parameter values may look like literal parts of the pattern.
 */
export function expressionOf(layer: Layer, match: Match, path: string): unknown {
  if (match.pattern !== undefined) return match.pattern;
  if (match.path === '') return '';
  const { regexp, keys, matchers } = layer;
  if (matchers !== undefined) return probePattern(matchers, path);
  if (regexp === undefined || keys === undefined) return undefined;
  const alternatives = known.get(regexp) ?? alternativesOf(regexp, keys);
  known.set(regexp, alternatives);
  if (alternatives.length === 1) return alternatives[0].pattern;
  return alternatives.find((one) => one.regexp.test(path))?.pattern;
}

function alternativesOf(regexp: RegExp, keys: readonly Key[]): Alternative[] {
  // a mount given as a regular expression: use its text
  if (!regexp.source.startsWith('^') || !MOUNT_END.test(regexp.source)) return [{ regexp, pattern: String(regexp) }];
  const reader = new ExpressionReader(keys);
  // path-to-regexp joins the expressions of an array of paths
  return regexp.source.split(/\|(?=\^)/).map((source) => ({
    regexp: new RegExp(source, regexp.flags),
    pattern: MOUNT_END.test(source) ? reader.read(source.slice(1).replace(MOUNT_END, '')) : `/${source}/`,
  }));
}

/** Reconstructs the path from an expression of path-to-regexp 0.1. */
class ExpressionReader {
  private key = 0;

  constructor(private readonly keys: readonly Key[]) {}

  read(source: string): string {
    let pattern = '';
    for (let at = 0; at < source.length; at++) {
      if (source[at] === '\\') pattern += source[++at];
      else if (source[at] === '(') {
        const end = endOfGroup(source, at);
        pattern += this.group(source.slice(at + 1, end));
        at = end;
      } else pattern += source[at];
    }
    return pattern;
  }

  private group(inner: string): string {
    if (!inner.startsWith('?')) return this.capture(inner);
    const text = inner.slice(2);
    // around a parameter and the slash or the dot before it
    return /^\\?[./]*\(/.test(text) || /^(\\.)?\/?\(/.test(text) ? this.read(text) : `(${this.read(text)})`;
  }

  private capture(inner: string): string {
    const { name } = this.keys[this.key++] ?? { name: this.key };
    // groups within the expression of a parameter have keys too
    this.key += inner.replace(/\\./g, '').match(/\((?!\?)/g)?.length ?? 0;
    if (inner === '.*' || inner.startsWith('(?:[/')) return '*';
    const own = PLAIN_CAPTURE.test(inner) ? '' : `(${inner})`;
    return typeof name === 'string' ? `:${name}${own}` : own;
  }
}

/** Where the group that begins at `start` is closed. */
function endOfGroup(source: string, start: number): number {
  let depth = 0;
  let inClass = false;
  for (let at = start; at < source.length; at++) {
    const character = source[at];
    if (character === '\\') at++;
    else if (inClass) inClass = character !== ']';
    else if (character === '[') inClass = true;
    else if (character === '(') depth++;
    else if (character === ')' && --depth === 0) return at;
  }
  return source.length;
}
