/** A piece of a template: text, or the tokens of an action between `{{` and `}}`. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly source: string };

export interface Token {
  readonly kind: 'string' | 'number' | 'word' | 'field' | 'variable' | 'symbol';
  readonly text: string;
  /** Whether white space stands before it: `$x .y` are two operands, `$x.y` is one. */
  readonly spaced: boolean;
}

/** Why a template cannot be used. */
export class TemplateError extends Error {}

const STRING = /"(?:\\.|[^"\\\n])*"|`[^`]*`/.source;
const TOKEN = new RegExp(
  [
    `(?<string>${STRING})`,
    '(?<number>[+-]?(?:0x[0-9a-fA-F]+|(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?))',
    '(?<variable>\\$\\w*)',
    '(?<field>\\.[A-Za-z_]\\w*)',
    '(?<word>[A-Za-z_]\\w*)',
    '(?<symbol>:=|[|(),=.])',
  ].join('|'),
  'y',
);

/** Matches a whole action: `}}` inside of strings and comments does not end it. */
const ACTION = new RegExp(
  `\\{\\{(?<left>- )?(?:\\s*/\\*(?:[^*]|\\*(?!/))*\\*/\\s*|(?<body>(?:${STRING}|[^"\`])*?))(?<right> -)?\\}\\}`,
  'y',
);

/**
 * Divides a template. Source: the documentation of Go's package text/template, "Text and spaces" and "Actions".
 *
 * @throws TemplateError
 */
export function lex(template: string): Piece[] {
  const pieces: Piece[] = [];
  let trim = false;
  for (let at = 0; at < template.length; ) {
    const next = template.indexOf('{{', at);
    const text = template.slice(at, next === -1 ? undefined : next);
    const action = next === -1 ? undefined : actionAt(template, next);
    const left = trim ? text.trimStart() : text;
    pieces.push({ kind: 'text', text: action?.groups?.left ? left.trimEnd() : left });
    if (action === undefined) break;
    trim = action.groups?.right !== undefined;
    at = next + action[0].length;
    const source = action.groups?.body;
    if (source !== undefined) pieces.push({ kind: 'action', tokens: tokensOf(source), source: source.trim() });
  }
  return pieces.filter((piece) => piece.kind === 'action' || piece.text !== '');
}

function actionAt(template: string, at: number): RegExpExecArray {
  ACTION.lastIndex = at;
  const action = ACTION.exec(template);
  if (action === null) throw new TemplateError(`an action is not closed: ${template.slice(at, at + 40)}`);
  return action;
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let spaced = true;
  for (let at = 0; at < source.length; ) {
    if (/\s/.test(source[at])) {
      spaced = true;
      at++;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null) throw new TemplateError(`unexpected ${JSON.stringify(source[at])} in {{${source}}}`);
    const [kind, text] = Object.entries(match.groups!).find(([, value]) => value !== undefined)!;
    tokens.push({ kind: kind as Token['kind'], text, spaced });
    spaced = false;
    at += text.length;
  }
  return tokens;
}
