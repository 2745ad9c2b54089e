/** `-p 127.0.0.1:8080-8081:80-81/udp` and `--expose 80-90/tcp`. */
import {isIP} from 'node:net';
import type {PortBinding} from '@longshore/api/engine';

export interface PublishedPorts {
  exposed: Record<string, object>;
  bindings: Record<string, PortBinding[]>;
}

const protocols = ['tcp', 'udp', 'sctp'];

/** Throws an Error with Docker's text. */
export function parsePorts(published: readonly string[], exposed: readonly string[]): PublishedPorts {
  const result: PublishedPorts = {exposed: {}, bindings: {}};
  for (const text of published) addPublished(result, text);
  for (const text of exposed) {
    for (const port of parseExposed(text)) result.exposed[port] ??= {};
  }
  return result;
}

function addPublished({exposed, bindings}: PublishedPorts, text: string): void {
  if (text.includes('=')) throw new Error(`invalid publish opts format (should be name=value but got '${text}')`);
  const {ip, host, container, protocol} = splitPublished(text);
  if (container === '') throw new Error(`no port specified: ${text}<empty>`);
  const address = ip.replace(/^\[(.*)\]$/, '$1');
  if (address !== '' && isIP(address) === 0) throw new Error(`invalid IP address: ${ip}`);
  const inside = range(container, 'containerPort');
  const outside = host === '' ? undefined : range(host, 'hostPort');
  if (!protocols.includes(protocol)) throw new Error(`invalid proto: ${protocol}`);
  const count = inside.last - inside.first;
  if (outside && outside.last - outside.first !== count && count !== 0) {
    throw new Error(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
  }
  for (let i = 0; i <= count; i++) {
    const key = `${inside.first + i}/${protocol}`;
    exposed[key] ??= {};
    const hostPort = !outside ? '' : count === 0 ? host : `${outside.first + i}`;
    bindings[key] ??= [];
    bindings[key].push({HostIp: address, HostPort: hostPort});
  }
}

function splitPublished(text: string): {ip: string; host: string; container: string; protocol: string} {
  const slash = text.lastIndexOf('/');
  const protocol = slash < 0 ? 'tcp' : text.slice(slash + 1).toLowerCase() || 'tcp';
  const rest = slash < 0 ? text : text.slice(0, slash);
  const parts = rest.split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  return {ip: parts.join(':'), host, container, protocol};
}

function range(text: string, what: string): {first: number; last: number} {
  const [first = '', last = first, ...more] = text.split('-');
  const isPort = (value: string) => /^\d+$/.test(value) && Number(value) <= 65535;
  if (!isPort(first) || !isPort(last) || more.length > 0 || Number(last) < Number(first)) {
    throw new Error(`invalid ${what}: ${text}`);
  }
  return {first: Number(first), last: Number(last)};
}

function parseExposed(text: string): string[] {
  if (text.includes(':')) throw new Error(`invalid port format for --expose: ${text}`);
  const [ports = '', protocol = 'tcp'] = text.split('/');
  const [first = '', last = first] = ports.split('-');
  for (const port of [first, last]) {
    const problem = /^\d+$/.test(port) ? (Number(port) > 65_535 ? 'value out of range' : '') : 'invalid syntax';
    if (problem !== '') {
      throw new Error(
        `invalid range format for --expose: ${text}, error: strconv.ParseUint: parsing ${JSON.stringify(port)}: ${problem}`,
      );
    }
  }
  if (Number(last) < Number(first)) {
    throw new Error(`invalid range format for --expose: ${text}, error: invalid range specified for port: ${ports}`);
  }
  if (!protocols.includes(protocol)) throw new Error(`invalid proto: ${protocol}`);
  return Array.from({length: Number(last) - Number(first) + 1}, (_, i) => `${Number(first) + i}/${protocol}`);
}
