/** What makes a list of headers a request (RFC 9113, 8.3). */
import {errorCode, StreamError} from './frames.ts';
import type {Header} from './header-table.ts';

const pseudo = new Set([':method', ':scheme', ':path', ':authority']);
const required = [':method', ':scheme', ':path'];
const ofConnections = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/** By name; of one that comes several times the first counts, as for services in Go. Throws StreamError. */
export function checkRequest(headers: readonly Header[]): Map<string, string> {
  const request = new Map<string, string>();
  let isPseudo = true;
  for (const [name, value] of headers) {
    const known = request.get(name);
    if (name.startsWith(':')) {
      if (!isPseudo || !pseudo.has(name) || known !== undefined) throw malformed(`header "${name}"`);
    } else {
      isPseudo = false;
      if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || ofConnections.has(name)) throw malformed(`header "${name}"`);
    }
    if (known === undefined) request.set(name, value);
  }
  const missing = required.find(name => !request.get(name));
  if (missing) throw malformed(`request without "${missing}"`);
  return request;
}

function malformed(what: string): StreamError {
  return new StreamError(errorCode.protocol, `malformed ${what}`);
}
