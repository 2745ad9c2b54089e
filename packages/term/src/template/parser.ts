/** Parses a Go template (text/template) into its nodes. */
import type {CommandNode, Expression, Node, Pipeline, TemplateAst} from './ast.ts';
import {lex, lineOf, TemplateError, type Token, type TokenKind} from './lexer.ts';

const keywords = new Set(['if', 'else', 'end', 'range', 'with', 'define', 'template', 'block', 'break', 'continue']);

/** Throws TemplateError with Go's text. `functions` are the names that may be called. */
export function parseTemplate(source: string, functions: ReadonlySet<string>): TemplateAst {
  return new TemplateParser(source, functions).parse();
}

type BlockEnd = 'end' | 'else' | 'eof';

class TemplateParser {
  readonly #source: string;
  readonly #functions: ReadonlySet<string>;
  readonly #tokens: Token[];
  readonly #defined = new Map<string, Node[]>();
  #next = 0;
  #variables = ['$'];
  #loops = 0;

  constructor(source: string, functions: ReadonlySet<string>) {
    this.#source = source;
    this.#functions = functions;
    this.#tokens = lex(source);
  }

  parse(): TemplateAst {
    const {nodes, end} = this.#parseList();
    if (end !== 'eof') this.#fail(`unexpected {{${end}}}`);
    return {source: this.#source, body: nodes, defined: this.#defined};
  }

  /** Nodes up to `{{end}}`, `{{else…}}` or the end of the template. */
  #parseList(): {nodes: Node[]; end: BlockEnd} {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#take();
      if (token.kind === 'end') return {nodes, end: 'eof'};
      if (token.kind === 'text') {
        nodes.push({kind: 'text', text: token.text});
        continue;
      }
      this.#skipSpace();
      const word = this.#peek().kind === 'name' && keywords.has(this.#peek().text) ? this.#take().text : undefined;
      if (word === 'end') {
        this.#close('end');
        return {nodes, end: 'end'};
      }
      if (word === 'else') return {nodes, end: 'else'};
      const node = word
        ? this.#parseKeyword(word)
        : ({kind: 'action', pipeline: this.#parsePipeline('command')} as Node);
      if (!word) this.#close('command');
      if (node) nodes.push(node);
    }
  }

  #parseKeyword(word: string): Node | undefined {
    if (word === 'if' || word === 'with' || word === 'range') return this.#parseControl(word);
    if (word === 'break' || word === 'continue') {
      if (this.#loops === 0) this.#fail(`{{${word}}} outside {{range}}`);
      this.#close(word);
      return {kind: word};
    }
    if (word === 'template') return this.#parseInclude();
    if (word === 'define') {
      const name = this.#parseName('define clause');
      this.#close('define clause');
      this.#defined.set(name, this.#parseBody('define clause'));
      return undefined;
    }
    const include = this.#parseInclude();
    if (include.kind === 'template') this.#defined.set(include.name, this.#parseBody('block clause'));
    return include;
  }

  #parseBody(context: string): Node[] {
    const saved = this.#variables;
    this.#variables = ['$'];
    const {nodes, end} = this.#parseList();
    this.#variables = saved;
    if (end === 'eof') this.#fail('unexpected EOF');
    if (end === 'else') this.#fail(`unexpected {{else}} in ${context}`);
    return nodes;
  }

  #parseControl(kind: 'if' | 'with' | 'range'): Node {
    const scope = this.#variables.length;
    const pipeline = this.#parsePipeline(kind);
    this.#close(kind);
    if (kind === 'range') this.#loops++;
    const {nodes: body, end} = this.#parseList();
    if (kind === 'range') this.#loops--;
    let otherwise: Node[] = [];
    if (end === 'eof') this.#fail('unexpected EOF');
    if (end === 'else') otherwise = this.#parseElse(kind);
    this.#variables.length = scope;
    return {kind, pipeline, body, otherwise};
  }

  #parseElse(kind: 'if' | 'with' | 'range'): Node[] {
    this.#skipSpace();
    const word = this.#peek();
    if (word.kind === 'name' && word.text === kind && kind !== 'range') {
      this.#take();
      return [this.#parseControl(kind)];
    }
    this.#close('else');
    const {nodes, end} = this.#parseList();
    if (end !== 'end') this.#fail(end === 'eof' ? 'unexpected EOF' : 'expected end; found {{else}}');
    return nodes;
  }

  #parseInclude(): Node {
    this.#skipSpace();
    const at = this.#peek().at;
    const name = this.#parseName('template clause');
    this.#skipSpace();
    const pipeline = this.#peek().kind === 'close' ? undefined : this.#parsePipeline('template clause');
    this.#close('template clause');
    const shown = pipeline ? ` ${pipeline.text}` : '';
    return {kind: 'template', name, pipeline, at, text: `{{template ${JSON.stringify(name)}${shown}}}`};
  }

  #parseName(context: string): string {
    this.#skipSpace();
    const token = this.#take();
    if (token.kind !== 'string') this.#fail(`unexpected ${show(token)} in ${context}`);
    return unquote(token.text);
  }

  #parsePipeline(context: string): Pipeline {
    this.#skipSpace();
    const at = this.#peek().at;
    const {variables, isAssignment} = this.#parseDeclaration(context);
    const commands: CommandNode[] = [];
    for (;;) {
      commands.push(this.#parseCommand(context));
      this.#skipSpace();
      if (this.#peek().kind !== 'pipe') break;
      this.#take();
    }
    commands.slice(1).forEach(({operands: [first]}, i) => {
      if (first && ['literal', 'nil', 'dot'].includes(first.kind)) {
        this.#fail(`non executable command in pipeline stage ${i + 2}`);
      }
    });
    if (!isAssignment) this.#variables.push(...variables);
    const declared = variables.length > 0 ? `${variables.join(', ')} ${isAssignment ? '=' : ':='} ` : '';
    return {variables, isAssignment, commands, at, text: declared + commands.map(command => command.text).join(' | ')};
  }

  #parseDeclaration(context: string): {variables: string[]; isAssignment: boolean} {
    const start = this.#next;
    const variables: string[] = [];
    while (this.#peek().kind === 'variable') {
      variables.push(this.#take().text);
      this.#skipSpace();
      const {kind} = this.#peek();
      if (kind === 'declare' || kind === 'assign') {
        this.#take();
        this.#skipSpace();
        return {variables, isAssignment: kind === 'assign'};
      }
      if (kind !== 'comma' || context !== 'range' || variables.length > 1) break;
      this.#take();
      this.#skipSpace();
    }
    this.#next = start;
    return {variables: [], isAssignment: false};
  }

  #parseCommand(context: string): CommandNode {
    const operands: Expression[] = [];
    this.#skipSpace();
    const at = this.#peek().at;
    for (;;) {
      const operand = this.#parseOperand();
      if (operand) operands.push(operand);
      const {kind, text} = this.#peek();
      if (kind === 'space') {
        this.#take();
        continue;
      }
      if (kind === 'close' || kind === 'pipe' || (kind === 'paren' && text === ')')) break;
      this.#fail(`unexpected ${show(this.#peek())} in ${operand ? 'operand' : 'command'}`);
    }
    if (operands.length === 0)
      this.#fail(context === 'command' ? 'missing value for command' : `missing value for ${context}`);
    return {operands, at, text: operands.map(operand => operand.text).join(' ')};
  }

  #parseOperand(): Expression | undefined {
    const term = this.#parseTerm();
    if (!term || this.#peek().kind !== 'field') return term;
    const at = this.#peek().at;
    const names: string[] = [];
    while (this.#peek().kind === 'field') names.push(this.#take().text.slice(1));
    const text = `${term.text}.${names.join('.')}`;
    if (term.kind === 'field') return {...term, names: [...term.names, ...names], at, text};
    if (term.kind === 'variable') return {...term, names, at, text};
    if (term.kind === 'literal' || term.kind === 'nil' || term.kind === 'dot') {
      this.#fail(`unexpected . after term ${JSON.stringify(term.text)}`);
    }
    return {kind: 'chain', of: term, names, at, text};
  }

  #parseTerm(): Expression | undefined {
    const {kind, text, at} = this.#peek();
    if (kind === 'paren' && text === '(') return this.#parseParenthesis();
    const make = literals[kind];
    if (make) return make(this.#take());
    if (kind === 'field') return {kind: 'field', names: [this.#take().text.slice(1)], at, text};
    if (kind === 'dot') return {kind: 'dot', at: this.#take().at, text};
    if (kind === 'variable') {
      if (!this.#variables.includes(text)) this.#fail(`undefined variable ${JSON.stringify(text)}`);
      return {kind: 'variable', name: this.#take().text, names: [], at, text};
    }
    return kind === 'name' ? this.#parseWord() : undefined;
  }

  #parseWord(): Expression {
    const {text, at} = this.#take();
    if (text === 'true' || text === 'false') return {kind: 'literal', value: text === 'true', at, text};
    if (text === 'nil') return {kind: 'nil', at, text};
    if (keywords.has(text)) this.#fail(`unexpected <${text}> in operand`);
    if (!this.#functions.has(text)) this.#fail(`function ${JSON.stringify(text)} not defined`);
    return {kind: 'function', name: text, at, text};
  }

  #parseParenthesis(): Expression {
    const {at} = this.#take();
    const pipeline = this.#parsePipeline('parenthesized pipeline');
    this.#skipSpace();
    const close = this.#take();
    if (close.text !== ')') this.#fail(`unclosed left paren`);
    return {kind: 'pipeline', pipeline, at, text: `(${pipeline.text})`};
  }

  #close(context: string): void {
    this.#skipSpace();
    const token = this.#take();
    if (token.kind !== 'close') this.#fail(`unexpected ${show(token)} in ${context}`);
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]!;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#next++;
  }

  #fail(message: string): never {
    const at = this.#tokens[Math.min(this.#next, this.#tokens.length) - 1]?.at ?? 0;
    throw new TemplateError(`:${lineOf(this.#source, at)}: ${message}`);
  }
}

const literals: Partial<Record<TokenKind, (token: Token) => Expression>> = {
  string: ({text, at}) => ({kind: 'literal', value: unquote(text), at, text}),
  number: ({text, at}) => ({kind: 'literal', value: readNumber(text), at, text}),
  char: ({text, at}) => ({kind: 'literal', value: unquote(`"${text.slice(1, -1)}"`).codePointAt(0) ?? 0, at, text}),
};

function readNumber(text: string): number | bigint {
  const plain = text.replaceAll('_', '');
  const value = Number(plain.replace(/^[+-]/, '')) * (plain.startsWith('-') ? -1 : 1);
  return /^[+-]?\d+$/.test(plain) && !Number.isSafeInteger(value) ? BigInt(plain) : value;
}

/** A Go string literal, raw or with escapes. */
function unquote(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1);
  const escapes: Record<string, string> = {n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v'};
  return text
    .slice(1, -1)
    .replace(
      /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs,
      (_, x, u, long, octal, other) => {
        if (octal) return String.fromCodePoint(Number.parseInt(octal, 8));
        const hex = x ?? u ?? long;
        return hex ? String.fromCodePoint(Number.parseInt(hex, 16)) : (escapes[other] ?? other);
      },
    );
}

function show(token: Token): string {
  if (token.kind === 'end') return 'EOF';
  if (token.kind === 'name' && keywords.has(token.text)) return `<${token.text}>`;
  return JSON.stringify(token.text);
}
