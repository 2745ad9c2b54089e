/** Options that make no sense together with a shared network or UTS namespace. */
import {EngineError} from '@longshore/errdefs';
import type {ContainerConfig} from '../documents/container-config.ts';
import type {HostConfig} from '../documents/host-config.ts';
import {isContainerMode} from '../network-mode.ts';

/** Of the request, before the image adds to it. Throws Docker's messages. */
export function verifyNetworkMode(config: ContainerConfig, host: HostConfig): void {
  const {NetworkMode: mode} = host;
  if (mode === 'container' || mode === 'container:') {
    refuse('Invalid network mode: invalid container format container:<name|id>');
  }
  const isShared = isContainerMode(mode);
  const isHost = mode === 'host';
  const has = (value: object | null) => Object.keys(value ?? {}).length > 0;
  const undefinedBehaviour = `can't be used with links. This would result in undefined behavior`;
  const conflicts: [boolean, string][] = [
    [isShared && config.Hostname !== '', 'hostname and the network mode'],
    [isShared && has(host.Links), `container type network ${undefinedBehaviour}`],
    [isShared && has(host.Dns), 'dns and the network mode'],
    [isShared && has(host.ExtraHosts), 'custom host-to-IP mapping and the network mode'],
    [(isShared || isHost) && config.MacAddress !== '', 'mac-address and the network mode'],
    [
      isShared && (has(host.PortBindings) || host.PublishAllPorts),
      'port publishing and the container type network mode',
    ],
    [isShared && has(config.ExposedPorts), 'port exposing and the container type network mode'],
    [host.UTSMode === 'host' && config.Hostname !== '', 'hostname and the UTS mode'],
    [isHost && has(host.Links), `host type networking ${undefinedBehaviour}`],
  ];
  const found = conflicts.find(([conflict]) => conflict);
  if (found) refuse(`conflicting options: ${found[1]}`);
}

/** What is accepted and has no effect, in Docker's words. */
export function networkWarnings({NetworkMode: mode, PortBindings: bindings}: HostConfig): string[] {
  const isDiscarded = mode === 'host' && Object.keys(bindings ?? {}).length > 0;
  return isDiscarded ? ['Published ports are discarded when using host network mode'] : [];
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
