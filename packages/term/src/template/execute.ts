/** Runs a parsed template on a value. */
import type {CommandNode, Expression, Node, Pipeline, TemplateAst} from './ast.ts';
import {templateFunctions, WrongArgument} from './functions.ts';
import {lineOf, TemplateError} from './lexer.ts';
import {asInteger, formatValue, hasTemplateFields, isMap, isNil, isTrue, printValue, typeName} from './values.ts';

export interface ExecuteOptions {
  /**
   * What a map has under a key that is not in it. Throw an Error to refuse, with Go's text; by default the value is
   * "no value".
   */
  missing?(map: Record<string, unknown>, name: string): unknown;
}

/** Throws TemplateError with Go's text. */
export function executeTemplate(ast: TemplateAst, data: unknown, options: ExecuteOptions = {}): string {
  return new Execution(ast, options).run(data);
}

type Variable = {name: string; value: unknown};
type Flow = 'next' | 'break' | 'continue';
/** Marks that no value was piped in. */
const nothing = Symbol('nothing');

class Execution {
  readonly #ast: TemplateAst;
  readonly #options: ExecuteOptions;
  #variables: Variable[] = [];
  #out = '';
  #depth = 0;

  constructor(ast: TemplateAst, options: ExecuteOptions) {
    this.#ast = ast;
    this.#options = options;
  }

  run(data: unknown): string {
    this.#variables = [{name: '$', value: data}];
    this.#walk(this.#ast.body, data);
    return this.#out;
  }

  #walk(nodes: Node[], dot: unknown): Flow {
    for (const node of nodes) {
      const flow = this.#walkNode(node, dot);
      if (flow !== 'next') return flow;
    }
    return 'next';
  }

  #walkNode(node: Node, dot: unknown): Flow {
    switch (node.kind) {
      case 'text':
        this.#out += node.text;
        return 'next';
      case 'action': {
        const value = this.#pipeline(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) this.#out += printValue(value);
        return 'next';
      }
      case 'template':
        this.#include(node, dot);
        return 'next';
      case 'break':
      case 'continue':
        return node.kind;
      case 'range':
        return this.#scoped(() => this.#range(node, dot));
      default:
        return this.#scoped(() => {
          const value = this.#pipeline(node.pipeline, dot);
          if (!isTrue(value)) return this.#walk(node.otherwise, dot);
          return this.#walk(node.body, node.kind === 'with' ? value : dot);
        });
    }
  }

  #scoped(step: () => Flow): Flow {
    const depth = this.#variables.length;
    const flow = step();
    this.#variables.length = depth;
    return flow;
  }

  #include(node: Extract<Node, {kind: 'template'}>, dot: unknown): void {
    const body = this.#ast.defined.get(node.name);
    if (!body) this.#fail(node, `template ${JSON.stringify(node.name)} not defined`);
    if (++this.#depth > 1000) this.#fail(node, 'exceeded maximum template depth (1000)');
    const value = node.pipeline ? this.#pipeline(node.pipeline, dot) : undefined;
    const saved = this.#variables;
    this.#variables = [{name: '$', value}];
    this.#walk(body, value);
    this.#variables = saved;
    this.#depth--;
  }

  #range(node: Extract<Node, {kind: 'range' | 'if' | 'with'}>, dot: unknown): Flow {
    const {pipeline} = node;
    const value = this.#pipeline({...pipeline, variables: []}, dot);
    const entries = this.#entries(value, pipeline);
    if (entries.length === 0) return this.#walk(node.otherwise, dot);
    for (const [key, item] of entries) {
      const depth = this.#variables.length;
      const values = pipeline.variables.length > 1 ? [key, item] : [item];
      for (const [i, name] of pipeline.variables.entries()) this.#assign(name, values[i], pipeline.isAssignment);
      const flow = this.#walk(node.body, item);
      this.#variables.length = depth;
      if (flow === 'break') break;
    }
    return 'next';
  }

  #entries(value: unknown, pipeline: Pipeline): [unknown, unknown][] {
    if (isNil(value)) return [];
    if (Array.isArray(value)) return value.map((item, i) => [i, item]);
    if (isMap(value)) return Object.keys(value).sort().map(key => [key, value[key]]); // biome-ignore format: one line a kind
    const count = asInteger(value);
    if (count !== undefined) return Array.from({length: Math.max(0, count)}, (_, i) => [i, i]);
    return this.#fail(pipeline, `range can't iterate over ${formatValue(value)}`);
  }

  #pipeline(pipeline: Pipeline, dot: unknown): unknown {
    let value: unknown = nothing;
    for (const command of pipeline.commands) value = this.#command(command, dot, value);
    for (const name of pipeline.variables) this.#assign(name, value, pipeline.isAssignment);
    return value;
  }

  #assign(name: string, value: unknown, isAssignment: boolean): void {
    const existing = isAssignment ? this.#variables.findLast(variable => variable.name === name) : undefined;
    if (existing) existing.value = value;
    else this.#variables.push({name, value});
  }

  #command(command: CommandNode, dot: unknown, piped: unknown): unknown {
    const [first, ...operands] = command.operands;
    const argument = (operand: Expression) => this.#operand(operand, dot);
    if (first!.kind === 'function') return this.#call(first!, command, operands, argument, piped);
    const takesArguments = first!.kind === 'field' || first!.kind === 'chain' || first!.kind === 'variable';
    if (!takesArguments && (operands.length > 0 || piped !== nothing)) {
      this.#fail(command, `can't give argument to non-function ${first!.text}`);
    }
    const args = operands.map(argument);
    if (piped !== nothing) args.push(piped);
    return this.#operand(first!, dot, args);
  }

  #operand(node: Expression, dot: unknown, args: unknown[] = []): unknown {
    switch (node.kind) {
      case 'literal':
        return node.value;
      case 'nil':
        return null;
      case 'dot':
        return dot;
      case 'field':
        return this.#fields(node, dot, node.names, args);
      case 'variable': {
        const value = this.#variables.findLast(variable => variable.name === node.name)?.value;
        return this.#fields(node, value, node.names, args);
      }
      case 'chain':
        return this.#fields(node, this.#operand(node.of, dot), node.names, args);
      case 'pipeline':
        return this.#pipeline(node.pipeline, dot);
      case 'function':
        return this.#call(node, {operands: [node], at: node.at, text: node.text}, [], () => undefined, nothing);
    }
  }

  #call(
    node: Extract<Expression, {kind: 'function'}>,
    command: CommandNode,
    operands: Expression[],
    argument: (operand: Expression) => unknown,
    piped: unknown,
  ): unknown {
    const {name} = node;
    const {arity, call} = templateFunctions[name]!;
    const count = operands.length + (piped === nothing ? 0 : 1);
    const [min, max] = arity;
    if (count < min || count > max) {
      const wanted = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min}`;
      this.#fail(node, `wrong number of args for ${name}: want ${wanted} got ${count}`);
    }
    if (name === 'and' || name === 'or') return this.#shortCircuit(name, operands, argument, piped);
    const args = operands.map(argument);
    if (piped !== nothing) args.push(piped);
    try {
      return call(args);
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      const message = (error as Error).message;
      if (error instanceof WrongArgument) this.#fail(operands[error.index] ?? command, message);
      return this.#fail(command, `error calling ${name}: ${message}`);
    }
  }

  #shortCircuit(
    name: 'and' | 'or',
    operands: Expression[],
    argument: (operand: Expression) => unknown,
    piped: unknown,
  ): unknown {
    let value: unknown;
    for (const operand of operands) {
      value = argument(operand);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return piped === nothing ? value : piped;
  }

  #fields(node: Expression, start: unknown, names: string[], args: unknown[]): unknown {
    if (names.length === 0 && args.length > 0) this.#fail(node, `can't give argument to non-function ${node.text}`);
    return names.reduce((value, name, i) => this.#field(node, value, name, i === names.length - 1 ? args : []), start);
  }

  #field(node: Expression, value: unknown, name: string, args: unknown[]): unknown {
    if (hasTemplateFields(value)) {
      const field = value.templateField(name);
      if (!field) this.#fail(node, `can't evaluate field ${name} in type ${value.goType}`);
      if (field.length !== args.length)
        this.#fail(node, `wrong number of args for ${name}: want ${field.length} got ${args.length}`);
      return field(...args);
    }
    if (isNil(value)) this.#fail(node, `nil pointer evaluating interface {}.${name}`);
    if (!isMap(value)) this.#fail(node, `can't evaluate field ${name} in type ${typeName(value)}`);
    if (args.length > 0) this.#fail(node, `${name} is not a method but has arguments`);
    if (Object.hasOwn(value, name)) return value[name];
    try {
      return this.#options.missing?.(value, name);
    } catch (error) {
      return this.#fail(node, (error as Error).message);
    }
  }

  #fail(node: {at: number; text: string}, message: string): never {
    const {source} = this.#ast;
    const newline = source.lastIndexOf('\n', node.at - 1);
    const column = newline < 0 ? node.at : node.at - newline - 1;
    throw new TemplateError(`:${lineOf(source, node.at)}:${column}: executing "" at <${node.text}>: ${message}`);
  }
}
