/** Checks of single values, in the words of the original. Each throws `invalid-argument`. */
import {isIP} from 'node:net';
import {EngineError} from '@longshore/errdefs';
import {parseHost} from './hosts.ts';

export function checkHost(text: string): void {
  parseHost(text);
}

export function checkLabel(label: string): void {
  if (!/^[^=]+=/.test(label)) throw invalid(`bad attribute format: ${label}`);
}

export function checkIp(text: string): void {
  if (!isAddress(text)) throw invalid(`${text} is not an ip address`);
}

export function checkGatewayIp(text: string): void {
  if (!isAddress(text)) throw invalid(`IP address is not correctly formatted: ${text}`);
}

const domainPart = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = new RegExp(`^${domainPart}(?:\\.${domainPart})*\\.?\\s*$`);

/** A single dot stands for no search domain at all. */
export function checkSearchDomain(text: string): void {
  const isDomain = /[a-zA-Z]/.test(text) && text.length < 255 && domain.test(text);
  if (text.trim() !== '.' && !isDomain) throw invalid(`${text} is not a valid domain`);
}

export function checkMirror(text: string): void {
  const [, scheme, rest = ''] = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/(.*)$/.exec(text) ?? [];
  const quoted = JSON.stringify(text);
  if (scheme === undefined) {
    throw invalid(`invalid mirror: no scheme specified for ${quoted}: must use either 'https://' or 'http://'`);
  }
  if (!['http', 'https'].includes(scheme)) {
    throw invalid(
      `invalid mirror: unsupported scheme "${scheme}" in ${quoted}: must use either 'https://' or 'http://'`,
    );
  }
  const [authority = '', tail = ''] = rest.split(/(?=[/?#])(.*)/s);
  if (authority.includes('@')) throw invalid(`invalid mirror: username/password not allowed in URI ${quoted}`);
  if (!/^\/?$/.test(tail)) throw invalid(`invalid mirror: path, query, or fragment at end of the URI ${quoted}`);
  if (authority === '') throw invalid(`invalid mirror: ${quoted} is not a valid URI`);
}

export function isAddress(text: string): boolean {
  return isIP(text.split('%')[0] as string) !== 0;
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
