/** Says what is wrong with a JSON text in the words of Go's decoder, which clients and their tests know. */

type State = {text: string; at: number};

class SyntaxProblem extends Error {}

/** The message for a text that JSON.parse refuses. */
export function describeJsonError(text: string): string {
  const state: State = {text, at: 0};
  try {
    skipSpace(state);
    if (state.at >= text.length) return 'EOF';
    value(state, 'looking for beginning of value');
    skipSpace(state);
    return `invalid character '${state.text[state.at]}' after top-level value`;
  } catch (problem) {
    if (problem instanceof SyntaxProblem) return problem.message;
    throw problem;
  }
}

function value(state: State, context: string): void {
  const char = peek(state);
  const word = ['true', 'false', 'null'].find(each => each[0] === char);
  if (char === '{') object(state);
  else if (char === '[') array(state);
  else if (char === '"') string(state);
  else if (/[-0-9]/.test(char)) number(state);
  else if (word) literal(state, word);
  else fail(state, context);
}

function object(state: State): void {
  state.at++;
  skipSpace(state);
  if (peek(state) === '}') return void state.at++;
  for (;;) {
    skipSpace(state);
    if (peek(state) !== '"') fail(state, 'looking for beginning of object key string');
    string(state);
    skipSpace(state);
    if (peek(state) !== ':') fail(state, 'after object key');
    state.at++;
    skipSpace(state);
    value(state, 'looking for beginning of value');
    skipSpace(state);
    if (peek(state) === '}') return void state.at++;
    if (peek(state) !== ',') fail(state, 'after object key:value pair');
    state.at++;
  }
}

function array(state: State): void {
  state.at++;
  skipSpace(state);
  if (peek(state) === ']') return void state.at++;
  for (;;) {
    skipSpace(state);
    value(state, 'looking for beginning of value');
    skipSpace(state);
    if (peek(state) === ']') return void state.at++;
    if (peek(state) !== ',') fail(state, 'after array element');
    state.at++;
  }
}

function string(state: State): void {
  for (state.at++; ; state.at++) {
    const char = peek(state);
    if (char === '"') return void state.at++;
    if (char < ' ') fail(state, 'in string literal');
    if (char !== '\\') continue;
    state.at++;
    if (peek(state) === 'u') {
      for (let i = 0; i < 4; i++) {
        state.at++;
        if (!/[0-9a-fA-F]/.test(peek(state))) fail(state, 'in \\u hexadecimal character escape');
      }
    } else if (!'"\\/bfnrt'.includes(peek(state))) fail(state, 'in string escape code');
  }
}

function number(state: State): void {
  const match = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
  match.lastIndex = state.at;
  if (!match.test(state.text)) {
    state.at++;
    fail(state, 'in numeric literal');
  }
  state.at = match.lastIndex;
}

function literal(state: State, word: string): void {
  for (const [i, char] of [...word].entries()) {
    if (peek(state) !== char) fail(state, `in literal ${word} (expecting ${quote(word[i] as string)})`);
    state.at++;
  }
}

function peek(state: State): string {
  const char = state.text[state.at];
  if (char === undefined) throw new SyntaxProblem('unexpected EOF');
  return char;
}

function skipSpace(state: State): void {
  while (/[ \t\r\n]/.test(state.text[state.at] ?? '')) state.at++;
}

function fail(state: State, context: string): never {
  throw new SyntaxProblem(`invalid character ${quote(peek(state))} ${context}`);
}

function quote(char: string): string {
  if (char === "'") return `'\\''`;
  const escaped = JSON.stringify(char).slice(1, -1);
  return `'${char === '"' ? '"' : escaped}'`;
}
