/** A parsed template. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

/** Commands of which each is given the result of the one before as its last argument. */
export interface Pipeline {
  /** Variables that take the result; of two, the first is the index. */
  readonly variables: readonly string[];
  /** Whether the variables are new ones (`:=`) or known (`=`). */
  readonly declares: boolean;
  readonly commands: readonly Command[];
}

export type Command = readonly Operand[];

export type Operand =
  | { readonly kind: 'constant'; readonly value: string | number | boolean | undefined }
  | { readonly kind: 'function'; readonly name: string }
  /** Fields of a value: of the dot, of a variable, or of a pipeline in parentheses. */
  | { readonly kind: 'path'; readonly root: 'dot' | Variable | Pipeline; readonly fields: readonly string[] };

export interface Variable {
  readonly variable: string;
}
