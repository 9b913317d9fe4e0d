import { unquote } from '../../common/go-string';
import { lex, type Piece, TemplateError, type Token } from './lexer';
import type { Command, Node, Operand, Pipeline } from './tree';

const BLOCKS = new Set(['if', 'with', 'range']);
const UNSUPPORTED = new Set(['define', 'template', 'block', 'break', 'continue']);

/** Whether a function of that name exists. */
export type IsFunction = (name: string) => boolean;

/**
 * Parses a template. Unsupported constructs are refused here, and the error names them.
 *
 * @throws TemplateError
 */
export function parseTemplate(template: string, isFunction: IsFunction): readonly Node[] {
  const blocks = new Blocks(lex(template), isFunction);
  return blocks.until([]);
}

class Blocks {
  private at = 0;
  /** What ended the last list: `end` or `else`, with what stands behind it. */
  private closing: readonly Token[] = [];
  private readonly variables = ['$', '$labels', '$externalLabels', '$externalURL', '$value'];

  constructor(
    private readonly pieces: readonly Piece[],
    private readonly isFunction: IsFunction,
  ) {}

  until(ends: readonly string[]): Node[] {
    const nodes: Node[] = [];
    while (this.at < this.pieces.length) {
      const piece = this.pieces[this.at++];
      if (piece.kind === 'text') {
        nodes.push(piece);
        continue;
      }
      const [{ text: keyword } = { text: '' }, ...rest] = piece.tokens;
      if (ends.includes(keyword)) {
        this.closing = piece.tokens;
        return nodes;
      }
      nodes.push(this.node(keyword, rest, piece));
    }
    if (ends.length > 0) throw new TemplateError('a block is not closed: {{end}} is missing');
    return nodes;
  }

  private node(keyword: string, rest: readonly Token[], piece: Piece & { kind: 'action' }): Node {
    if (UNSUPPORTED.has(keyword)) throw new TemplateError(`${keyword} is not supported in templates`);
    if (keyword === 'end' || keyword === 'else') throw new TemplateError(`{{${piece.source}}} is outside of a block`);
    if (BLOCKS.has(keyword)) return this.block(keyword as 'if' | 'with' | 'range', rest, piece.source);
    return { kind: 'print', pipeline: this.pipeline(piece.tokens, piece.source) };
  }

  private block(kind: 'if' | 'with' | 'range', rest: readonly Token[], source: string): Node {
    const outer = this.variables.length;
    const pipeline = this.pipeline(rest, source);
    const inner = this.variables.length;
    const body = this.until(['end', 'else']);
    this.variables.length = inner;
    const otherwise = this.otherwise(kind, source);
    this.variables.length = outer;
    return { kind, pipeline, body, otherwise };
  }

  /** Parses the nodes between `else` and `end`; none without an `else`. */
  private otherwise(kind: 'if' | 'with' | 'range', source: string): readonly Node[] {
    const [{ text: closer }, next, ...behind] = this.closing;
    if (closer === 'end') return [];
    if (next === undefined) return this.until(['end']);
    if (next.text !== kind || kind === 'range') throw new TemplateError(`{{else ${next.text}}} is not supported here`);
    return [this.block(kind, behind, source)];
  }

  private pipeline(tokens: readonly Token[], source: string): Pipeline {
    const parser = new PipelineParser(tokens, source, this.isFunction, this.variables);
    return parser.whole();
  }
}

class PipelineParser {
  private at = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly source: string,
    private readonly isFunction: IsFunction,
    /** The variables in scope; declarations are appended. */
    private readonly variables: string[],
  ) {}

  whole(): Pipeline {
    const pipeline = this.pipeline();
    if (this.at < this.tokens.length) this.fail();
    return pipeline;
  }

  private pipeline(): Pipeline {
    const declaration = this.declaration();
    const commands = [this.command()];
    while (this.take('|')) commands.push(this.command());
    if (declaration?.declares) this.variables.push(...declaration.variables);
    return { variables: [], declares: false, ...declaration, commands };
  }

  /** `$x :=`, `$i, $x :=` and the same with `=`. */
  private declaration(): Pick<Pipeline, 'variables' | 'declares'> | undefined {
    const [first, second, third, fourth] = this.tokens.slice(this.at).map(({ text }) => text);
    if (!first?.startsWith('$')) return undefined;
    const pair = second === ',' && third?.startsWith('$');
    const sign = pair ? fourth : second;
    if (sign !== ':=' && sign !== '=') return undefined;
    this.at += pair ? 4 : 2;
    const variables = pair ? [first, third] : [first];
    if (sign === '=') for (const variable of variables) this.known(variable);
    return { variables, declares: sign === ':=' };
  }

  private command(): Command {
    const operands: Operand[] = [];
    for (let token = this.peek(); token !== undefined && !'|)'.includes(token.text); token = this.peek())
      operands.push(this.operand(token));
    if (operands.length === 0) this.fail();
    if (operands.length > 1 && operands[0].kind !== 'function')
      throw new TemplateError(`in {{${this.source}}} a value that is not a function is followed by arguments`);
    return operands;
  }

  private operand(token: Token): Operand {
    this.at++;
    const { kind, text } = token;
    if (kind === 'string') return { kind: 'constant', value: stringOf(text) };
    if (kind === 'number') return { kind: 'constant', value: Number(text) };
    if (kind === 'variable') return { kind: 'path', root: { variable: this.known(text) }, fields: this.fields() };
    if (kind === 'field') return { kind: 'path', root: 'dot', fields: [text.slice(1), ...this.fields()] };
    if (text === '.') return { kind: 'path', root: 'dot', fields: [] };
    if (text === '(') {
      const root = this.pipeline();
      if (!this.take(')')) this.fail();
      return { kind: 'path', root, fields: this.fields() };
    }
    if (kind === 'word') return this.word(text);
    this.at--;
    return this.fail();
  }

  private word(text: string): Operand {
    if (text === 'true' || text === 'false') return { kind: 'constant', value: text === 'true' };
    if (text === 'nil') return { kind: 'constant', value: undefined };
    if (this.isFunction(text)) return { kind: 'function', name: text };
    throw new TemplateError(`the function ${text} is not supported in templates`);
  }

  private fields(): string[] {
    const fields: string[] = [];
    for (let token = this.peek(); token?.kind === 'field' && !token.spaced; token = this.peek()) {
      fields.push(token.text.slice(1));
      this.at++;
    }
    return fields;
  }

  private known(variable: string): string {
    if (this.variables.includes(variable)) return variable;
    throw new TemplateError(`the variable ${variable} is not defined`);
  }

  private peek(): Token | undefined {
    return this.tokens[this.at];
  }

  private take(symbol: string): boolean {
    if (this.peek()?.text !== symbol) return false;
    this.at++;
    return true;
  }

  private fail(): never {
    const token = this.peek();
    throw new TemplateError(
      `${token === undefined ? 'unexpected end' : `unexpected ${token.text}`} in {{${this.source}}}`,
    );
  }
}

function stringOf(literal: string): string {
  const value = unquote(literal);
  if (value === undefined) throw new TemplateError(`${literal} has an escape that Go does not have`);
  return value;
}
