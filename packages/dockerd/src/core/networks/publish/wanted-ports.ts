/** Which ports of a container are to be published, out of what the user asked for. */
import {isIP} from 'node:net';
import {EngineError} from '@longshore/errdefs';
import type {SandboxRequest} from '../../ports/network-controller.ts';

export interface WantedPort {
  protocol: 'tcp' | 'udp' | 'sctp';
  containerPort: number;
  /** Every host address that the port is published on, all with the same number. */
  hostAddresses: string[];
  /** Numbers to choose from: one, a range, or any when both are 0. */
  first: number;
  last: number;
}

export interface PublishDefaults {
  /** Host address where none is given. */
  address: string;
  /** `::` as well where none is given: the host speaks IPv6, and the container too or the proxy can pass it on. */
  alsoIpv6: boolean;
}

/**
 * A binding counts only for a port that is exposed too (as in Docker). Those with the least choice come first, so that
 * nobody else's choice falls on their number. Throws `invalid-argument`.
 */
export function wantedPorts(request: SandboxRequest, defaults: PublishDefaults): WantedPort[] {
  const ports = request.exposedPorts.flatMap(exposed => {
    const port = parseExposed(exposed);
    if (!port) return [];
    const given = request.portBindings[exposed] ?? [];
    const bindings = given.length > 0 || !request.publishAllPorts ? given : [{HostIp: '', HostPort: ''}];
    return bindings.map(({HostIp, HostPort}) => ({
      ...port,
      hostAddresses: hostAddresses(HostIp, defaults),
      ...parseRange(HostPort),
    }));
  });
  return ports.sort((a, b) => choiceOf(a) - choiceOf(b));
}

function choiceOf({first, last}: WantedPort): number {
  return first === 0 ? 65_536 : last - first;
}

/** `80/tcp`, `80`. Undefined for what names no port: Docker accepts anything as long as it is not published. */
function parseExposed(text: string): Pick<WantedPort, 'protocol' | 'containerPort'> | undefined {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text.toLowerCase());
  const containerPort = Number(match?.[1]);
  if (!match || containerPort < 1 || containerPort > 65_535) return undefined;
  return {protocol: (match[2] ?? 'tcp') as WantedPort['protocol'], containerPort};
}

function hostAddresses(given: string, {address, alsoIpv6}: PublishDefaults): string[] {
  if (given === '') return address === '0.0.0.0' && alsoIpv6 ? [address, '::'] : [address];
  const bare = given.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) === 0) throw new EngineError('invalid-argument', `invalid host IP address: ${given}`);
  return [bare];
}

function parseRange(text: string): {first: number; last: number} {
  if (text === '') return {first: 0, last: 0};
  const [first = 0, last = first] = text.split('-').map(Number);
  if (!Number.isInteger(first) || last < first || last > 65_535) {
    throw new EngineError('invalid-argument', `invalid port specification: ${JSON.stringify(text)}`);
  }
  return {first, last};
}
