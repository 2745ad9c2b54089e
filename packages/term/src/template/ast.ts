/** What a template is made of, after parsing. `at` is an offset in the source, `text` how Go shows the node. */

export type Expression =
  | {kind: 'literal'; value: string | number | bigint | boolean; at: number; text: string}
  | {kind: 'nil'; at: number; text: string}
  | {kind: 'dot'; at: number; text: string}
  | {kind: 'field'; names: string[]; at: number; text: string}
  | {kind: 'variable'; name: string; names: string[]; at: number; text: string}
  | {kind: 'function'; name: string; at: number; text: string}
  | {kind: 'chain'; of: Expression; names: string[]; at: number; text: string}
  | {kind: 'pipeline'; pipeline: Pipeline; at: number; text: string};

/** An operand with its arguments. */
export interface CommandNode {
  operands: Expression[];
  at: number;
  text: string;
}

export interface Pipeline {
  /** `$a := …`, `$a, $b := …`, `$a = …` */
  variables: string[];
  isAssignment: boolean;
  commands: CommandNode[];
  at: number;
  text: string;
}

export type Node =
  | {kind: 'text'; text: string}
  | {kind: 'action'; pipeline: Pipeline}
  | {kind: 'if' | 'with' | 'range'; pipeline: Pipeline; body: Node[]; otherwise: Node[]}
  | {kind: 'template'; name: string; pipeline: Pipeline | undefined; at: number; text: string}
  | {kind: 'break' | 'continue'};

export interface TemplateAst {
  source: string;
  body: Node[];
  /** Bodies of `{{define "name"}}`. */
  defined: Map<string, Node[]>;
}
