/** The forms in which containerd names a stream. */
import {EngineError} from '@longshore/errdefs';

export type StreamTarget =
  | {kind: 'null'}
  | {kind: 'path'; path: string}
  | {kind: 'file'; path: string}
  | {kind: 'binary'; path: string; args: string[]};

/** Throws unimplemented for a scheme that the shim does not serve, invalid-argument for what is no absolute path. */
export function parseStreamUri(uri: string): StreamTarget {
  if (uri === '') return {kind: 'null'};
  const separator = uri.indexOf('://');
  if (uri.startsWith('/') || separator < 0) return {kind: 'path', path: checked(uri, uri)};
  const scheme = uri.slice(0, separator);
  const rest = uri.slice(separator + 3);
  const question = rest.indexOf('?');
  const path = checked(uri, decodeURIComponent(question < 0 ? rest : rest.slice(0, question)));
  if (scheme === 'fifo') return {kind: 'path', path};
  if (scheme === 'file') return {kind: 'file', path};
  if (scheme === 'binary')
    return {kind: 'binary', path, args: question < 0 ? [] : queryWords(rest.slice(question + 1))};
  throw new EngineError('unimplemented', `unknown STDIO scheme ${scheme}: not implemented`);
}

function checked(uri: string, path: string): string {
  if (path.startsWith('/') && !path.includes('\0')) return path;
  throw new EngineError('invalid-argument', `stream "${uri}" is no absolute path: invalid argument`);
}

/** `a=1&b` becomes the words a, 1, b: the arguments of a log program. */
function queryWords(query: string): string[] {
  const words: string[] = [];
  for (const [key, value] of new URLSearchParams(query)) {
    words.push(key);
    if (value !== '') words.push(value);
  }
  return words;
}
