/** The arguments of Dockerfile instructions. */
import {EngineError} from '@longshore/errdefs';
import {expandWord} from './expand-word.ts';

/** `["a", "b"]`, or undefined when it is no list of strings. */
export function parseJsonList(text: string): string[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every(item => typeof item === 'string') ? list : undefined;
  } catch {
    return undefined; // then it is a shell line that begins with a bracket
  }
}

/** Words apart by white space; quotes and backslashes keep it together. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const match of text.matchAll(/(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+/g)) words.push(match[0]);
  return words;
}

/** `a=1 b="x y"`, or the old form `a some text`. `environment` is for variables. Throws `invalid-argument`. */
export function parsePairs(
  instruction: string,
  text: string,
  environment: readonly string[],
): [name: string, value: string][] {
  const expand = (word: string) => expandWord(word, environment);
  const words = splitWords(text);
  const [first = ''] = words;
  if (first === '') throw syntax(`${instruction} requires at least one argument`);
  if (!first.includes('=')) {
    const value = text.trim().slice(first.length).trim();
    if (value === '') throw syntax(`${instruction} must have two arguments`);
    return [[expand(first), expand(value)]];
  }
  return words.map(word => {
    const at = word.indexOf('=');
    if (at < 0) throw syntax(`can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`);
    if (at === 0) throw syntax(`${instruction} names can not be blank`);
    return [expand(word.slice(0, at)), expand(word.slice(at + 1))];
  });
}

export function syntax(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
