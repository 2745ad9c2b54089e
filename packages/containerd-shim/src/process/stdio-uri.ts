/** The forms in which containerd names a stream. */
import {EngineError} from '@longshore/errdefs';

export type StreamTarget =
  | {kind: 'null'}
  | {kind: 'path'; path: string}
  | {kind: 'file'; path: string}
  | {kind: 'binary'; path: string; args: string[]}
  | {kind: 'stream'; address: string; id: string};

/** Addresses of streams: the protocol in which clients open them, and how they connect. */
const streamScheme = /^(ttrpc|grpc|streaming)\+([a-z]+)$/;

/** Whether the URI names a stream on a socket, if it can be served or not. */
export function isStreamingUri(uri: string): boolean {
  return streamScheme.test(uri.slice(0, Math.max(0, uri.indexOf('://'))));
}

/** Throws unimplemented for a scheme that the shim does not serve, invalid-argument for what is no absolute path. */
export function parseStreamUri(uri: string): StreamTarget {
  if (uri === '') return {kind: 'null'};
  const separator = uri.indexOf('://');
  if (uri.startsWith('/') || separator < 0) return {kind: 'path', path: checked(uri, uri)};
  const scheme = uri.slice(0, separator);
  const rest = uri.slice(separator + 3);
  const streaming = streamScheme.exec(scheme);
  if (streaming) return parseStreaming(uri, rest, streaming[2] as string);
  const question = rest.indexOf('?');
  const path = checked(uri, decodeURIComponent(question < 0 ? rest : rest.slice(0, question)));
  if (scheme === 'fifo') return {kind: 'path', path};
  if (scheme === 'file') return {kind: 'file', path};
  if (scheme === 'binary')
    return {kind: 'binary', path, args: question < 0 ? [] : queryWords(rest.slice(question + 1))};
  throw new EngineError('unimplemented', `unknown STDIO scheme ${scheme}: not implemented`);
}

/** `ttrpc+unix:///run/shim.sock?streaming_id=ID`, as containerd's CRI service makes them. */
function parseStreaming(uri: string, rest: string, transport: string): StreamTarget {
  if (transport !== 'unix') {
    const text = `stream "${uri}" cannot be served: this shim listens on a unix socket, not on ${transport}`;
    throw new EngineError('unimplemented', `${text}: not implemented`);
  }
  const question = rest.indexOf('?');
  const id = new URLSearchParams(question < 0 ? '' : rest.slice(question + 1)).get('streaming_id') ?? '';
  if (id === '') throw new EngineError('invalid-argument', `stream "${uri}" has no streaming_id: invalid argument`);
  // Clients join host and path by a slash: more of them may be at the beginning.
  const path = decodeURIComponent(question < 0 ? rest : rest.slice(0, question));
  return {kind: 'stream', address: checked(uri, path).replace(/^\/+/, '/'), id};
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
