/**
 * containerd's filter language. A list of expressions is joined by OR; in one expression a comma is AND:
 *
 *     name==foo,labels."io.example/x"~=^v[0-9]
 *
 * A selector is `fieldpath`, `fieldpath==value`, `fieldpath!=value` or `fieldpath~=regular-expression`.
 */
import {EngineError} from '@longshore/errdefs';
import {compileRegularExpression} from './regular-expression.ts';
import {Scanner, type Token, unquote} from './scanner.ts';

/** The value of a field of the object in question; undefined when it has no such field. */
export type Fields = (path: readonly string[]) => string | undefined;

export type Filter = (fields: Fields) => boolean;

/** True for objects that match at least one expression; for every object when there are none. Throws invalid-argument. */
export function parseFilters(expressions: readonly string[]): Filter {
  const filters = expressions.map(parseFilter);
  if (filters.length === 0) return () => true;
  return fields => filters.some(filter => filter(fields));
}

/** An empty expression matches everything. Throws invalid-argument. */
export function parseFilter(expression: string): Filter {
  return new Parser(expression).parse();
}

class Parser {
  readonly #input: string;
  readonly #scanner: Scanner;

  constructor(input: string) {
    this.#input = input;
    this.#scanner = new Scanner(input);
  }

  parse(): Filter {
    if (this.#input.trim() === '') return () => true;
    const selectors: Filter[] = [];
    for (;;) {
      const [selector, after] = this.#selector();
      selectors.push(selector);
      if (after.kind === 'end') return fields => selectors.every(matches => matches(fields));
      if (after.text !== ',') throw this.#error(after, `unexpected input: ${after.text[0]}`);
    }
  }

  /** The selector and the token that follows it. */
  #selector(): [Filter, Token] {
    const path: string[] = [this.#field(this.#scanner.next('field'))];
    let end = this.#scanner.position;
    let token = this.#scanner.next('field');
    for (; token.text === '.' && token.kind === 'separator'; token = this.#scanner.next('field')) {
      path.push(this.#field(this.#scanner.next('field')));
      end = this.#scanner.position;
    }
    if (token.kind === 'operator') return [this.#comparison(path, token), this.#adjacent()];
    if (token.position > end || (token.kind !== 'end' && token.text !== ','))
      throw this.#error(token, 'expected an operator ("=="|"!="|"~=")');
    return [fields => fields(path) !== undefined, token];
  }

  /** White space may come before a selector and inside it, not after it. */
  #adjacent(): Token {
    const end = this.#scanner.position;
    const token = this.#scanner.next('field');
    if (token.position === end) return token;
    const text = this.#input[end] ?? '';
    throw this.#error({...token, position: end, text}, `unexpected input: ${text}`);
  }

  #field(token: Token): string {
    if (token.kind === 'field') return token.text;
    if (token.kind === 'quoted') return this.#unquote(token);
    throw this.#error(token, token.problem ?? 'expected field or quoted');
  }

  #comparison(path: string[], operator: Token): Filter {
    const isMatch = operator.text === '~=';
    if (!isMatch && operator.text !== '==' && operator.text !== '!=') {
      throw this.#error(operator, `unsupported operator ${JSON.stringify(operator.text)}`);
    }
    const token = this.#scanner.next(isMatch ? 'regular-expression' : 'value');
    if (token.kind !== 'value' && token.kind !== 'quoted')
      throw this.#error(token, token.problem ?? 'expected value or quoted');
    const value = token.kind === 'quoted' ? this.#unquote(token) : token.text;
    if (operator.text === '==') return fields => fields(path) === value;
    if (operator.text === '!=') return fields => fields(path) !== value;
    const expression = this.#compile(token, value);
    return fields => expression.test(fields(path) ?? '');
  }

  #unquote(token: Token): string {
    try {
      return unquote(token.text);
    } catch {
      throw this.#error(token, 'illegal escape sequence');
    }
  }

  #compile(token: Token, value: string): RegExp {
    try {
      return compileRegularExpression(value);
    } catch (error) {
      throw this.#error(token, `error parsing regexp: ${(error as Error).message}`);
    }
  }

  #error(token: Token, problem: string): EngineError {
    const before = this.#input.slice(0, token.position);
    const [first] = this.#input.slice(token.position);
    const after = this.#input.slice(token.position + (first?.length ?? 0));
    const place = first === undefined ? this.#input : `${before} >|${first}|< ${after}`;
    return new EngineError('invalid-argument', `filters: parse error: [${place}]: ${problem}: invalid argument`);
  }
}

/** Fields of a map such as labels: the rest of the path, joined by dots, is the key. */
export function mapField(map: {readonly [key: string]: string}, path: readonly string[]): string | undefined {
  const key = path.join('.');
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
