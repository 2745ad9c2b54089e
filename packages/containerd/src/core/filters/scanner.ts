/** Splits a filter expression into tokens. Positions are UTF-16 indices into the input, for error messages. */

export type TokenKind = 'end' | 'quoted' | 'value' | 'field' | 'separator' | 'operator' | 'illegal';

export interface Token {
  kind: TokenKind;
  position: number;
  /** As written, quotes included. */
  text: string;
  /** Why an illegal token is one. */
  problem?: string;
}

/** After an operator anything graphic up to a comma or space is a value; elsewhere it would be several tokens. */
type Mode = 'field' | 'value' | 'regular-expression';

const fieldRune = /[A-Za-z0-9_]/;
const valueRune = /[^\s,\p{Cc}]/u;

export class Scanner {
  readonly #input: string;
  #position = 0;

  constructor(input: string) {
    this.#input = input;
  }

  get position(): number {
    return this.#position;
  }

  /** The next token without leading white space. `/` and `|` quote only regular expressions. */
  next(mode: Mode): Token {
    while (/\s/.test(this.#input[this.#position] ?? '')) this.#position++;
    const first = this.#input[this.#position];
    if (first === undefined) return {kind: 'end', position: this.#position, text: ''};
    if (first === '"' || (mode === 'regular-expression' && (first === '/' || first === '|')))
      return this.#quoted(first);
    if (mode !== 'field') return this.#run('value', valueRune);
    if (',.[]'.includes(first)) return this.#take('separator', 1);
    if ('=!~'.includes(first)) return this.#run('operator', /[=!~]/);
    if (fieldRune.test(first)) return this.#run('field', fieldRune);
    return this.#take('illegal', 1);
  }

  #take(kind: TokenKind, length: number): Token {
    const position = this.#position;
    this.#position += length;
    return {kind, position, text: this.#input.slice(position, this.#position)};
  }

  #run(kind: TokenKind, rune: RegExp): Token {
    let end = this.#position;
    while (end < this.#input.length && rune.test(this.#input[end] as string)) end++;
    if (end > this.#position) return this.#take(kind, end - this.#position);
    return {...this.#take('illegal', 1), problem: 'unexpected character'};
  }

  #quoted(quote: string): Token {
    let end = this.#position + 1;
    while (end < this.#input.length && this.#input[end] !== quote) end += this.#input[end] === '\\' ? 2 : 1;
    if (this.#input[end] === quote) return this.#take('quoted', end + 1 - this.#position);
    return {...this.#take('illegal', this.#input.length - this.#position), problem: 'quoted literal not terminated'};
  }
}

const simpleEscapes: Record<string, string> = {a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v'};

/**
 * The text inside a quoted token. Double quotes take Go's escapes; `/` and `|` keep backslashes, which belong to the
 * regular expression, and only the escaped delimiter loses its own. Throws SyntaxError.
 */
export function unquote(text: string): string {
  const quote = text[0] as string;
  const inner = text.slice(1, -1);
  if (quote !== '"') return inner.replaceAll(`\\${quote}`, quote);
  const escapes = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\s\S]?))/g;
  return inner.replace(escapes, (all, hex, short, long, octal, plain: string | undefined) => {
    if (plain === undefined)
      return String.fromCodePoint(octal ? Number.parseInt(octal, 8) : Number.parseInt(hex ?? short ?? long, 16));
    if (`\\"'`.includes(plain) && plain !== '') return plain;
    const simple = simpleEscapes[plain];
    if (simple === undefined) throw new SyntaxError(`invalid escape ${all}`);
    return simple;
  });
}
