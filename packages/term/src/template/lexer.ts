/** Splits a Go template into text and the tokens of its actions. */

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'field'
  | 'variable'
  | 'name'
  | 'string'
  | 'number'
  | 'char'
  | 'dot'
  | 'pipe'
  | 'declare'
  | 'assign'
  | 'comma'
  | 'paren'
  | 'space'
  | 'end';

export interface Token {
  kind: TokenKind;
  /** As it stands in the template. */
  text: string;
  /** Offset in the template. */
  at: number;
}

/** A template that cannot be read, or a value it cannot use. The text is Go's, without the words in front. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(`template: ${message}`);
    this.name = 'TemplateError';
  }
}

const patterns: [TokenKind, RegExp][] = [
  ['space', /[ \t\r\n]+/y],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['comma', /,/y],
  ['paren', /[()]/y],
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['char', /'(?:[^'\\\n]|\\.)+'/y],
  ['number', /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y],
  ['field', /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ['dot', /\./y],
  ['variable', /\$(?:[\p{L}_][\p{L}\p{N}_]*)?/uy],
  ['name', /[\p{L}_][\p{L}\p{N}_]*/uy],
];

/** Throws TemplateError with Go's text. */
export function lex(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    const end = open < 0 ? source.length : open;
    let text = source.slice(at, end);
    if (trimNext) text = text.trimStart();
    if (open >= 0 && /^-[ \t\r\n]/.test(source.slice(open + 2, open + 4))) text = text.trimEnd();
    if (text !== '') tokens.push({kind: 'text', text, at});
    if (open < 0) break;
    [at, trimNext] = lexAction(source, open, tokens);
  }
  tokens.push({kind: 'end', text: '', at: source.length});
  return tokens;
}

/** Reads one `{{…}}`; returns the offset after it and whether the text that follows loses its leading space. */
function lexAction(source: string, open: number, tokens: Token[]): [number, boolean] {
  let at = open + 2;
  if (/^-[ \t\r\n]/.test(source.slice(at, at + 2))) at += 1;
  const comment = /[ \t\r\n]*\/\*.*?\*\/([ \t\r\n]-)?\}\}/sy;
  comment.lastIndex = at;
  const commentMatch = comment.exec(source);
  if (commentMatch) return [comment.lastIndex, commentMatch[1] !== undefined];
  tokens.push({kind: 'open', text: '{{', at: open});
  for (;;) {
    const trim = /[ \t\r\n]-\}\}/y;
    trim.lastIndex = at;
    if (trim.test(source)) return [closeAction(tokens, at, trim.lastIndex), true];
    if (source.startsWith('}}', at)) return [closeAction(tokens, at, at + 2), false];
    const token = nextToken(source, at);
    tokens.push(token);
    at += token.text.length;
  }
}

function closeAction(tokens: Token[], at: number, end: number): number {
  tokens.push({kind: 'close', text: '}}', at});
  return end;
}

function nextToken(source: string, at: number): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) return {kind, text: match[0], at};
  }
  const line = lineOf(source, at);
  if (at >= source.length) throw new TemplateError(`:${line}: unclosed action`);
  if (source[at] === '"') throw new TemplateError(`:${line}: unterminated quoted string`);
  if (source[at] === '`') throw new TemplateError(`:${line}: unterminated raw quoted string`);
  const code = source.codePointAt(at)!;
  const shown = `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
  throw new TemplateError(`:${line}: unexpected bad character ${shown} in command`);
}

/** Line number, from 1. */
export function lineOf(source: string, at: number): number {
  return source.slice(0, at).split('\n').length;
}
