/**
 * Published ports of a rootless daemon: the host is out of its reach, so that rootlesskit holds them there and leads
 * straight to the container; within the namespace of the daemon they are held as on any host.
 */
import type {Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {HostPortHolder, HostPortSockets} from '../../core/networks/ports.ts';
import type {PublishedPort} from '../../core/networks/sandbox-record.ts';
import type {ForwardedPort, PortDriver, RootlesskitClient} from './rootlesskit-client.ts';

export type PortForwarder = Pick<RootlesskitClient, 'portDriver' | 'addPort' | 'removePort'>;

export function rootlesskitPorts(client: PortForwarder, inside: HostPortSockets, log: Logger): HostPortSockets {
  let driver: Promise<PortDriver> | undefined;
  const inOrder = ordered();
  return {
    ephemeralPorts: () => inside.ephemeralPorts(),
    hasIpv6: () => inside.hasIpv6(),
    async hold(port, options) {
      driver ??= client.portDriver();
      driver.catch(() => {
        driver = undefined; // asked again with the next port
      });
      const {name, protocols, childAddress} = await driver;
      if (name === '') return inside.hold(port, options);
      const held = await inside.hold({...port, hostAddress: addressInside(port, childAddress)}, options);
      try {
        const forwarded = forwardedPort(port, childAddress);
        if (protocols.length > 0 && !protocols.includes(forwarded.proto)) throw unknownProtocol(forwarded.proto, name);
        const id = await inOrder(() => client.addPort(forwarded));
        const remove = () => inOrder(() => client.removePort(id));
        return withForward(held, () => {
          remove().catch(error => log.warn({port: port.hostPort, error}, 'cannot give back a port of the host'));
        });
      } catch (error) {
        held[Symbol.dispose]();
        throw error;
      }
    },
  };
}

/** Addresses of the host are none of the namespace's: what is for one of them is on loopback there. */
function addressInside({hostAddress}: PublishedPort, childAddress: string): string {
  if (childAddress !== '') return childAddress;
  if (hostAddress === '0.0.0.0' || hostAddress === '::') return hostAddress;
  return hostAddress.includes(':') ? '::1' : '127.0.0.1';
}

/** To the container itself; by a driver that reaches one address alone, to the port that is held there. */
function forwardedPort(port: PublishedPort, childAddress: string): ForwardedPort {
  const {protocol, hostAddress, hostPort, containerAddress, containerPort} = port;
  return {
    proto: `${protocol}${hostAddress.includes(':') ? 6 : 4}`,
    parentIP: hostAddress,
    parentPort: hostPort,
    childIP: childAddress || containerAddress,
    childPort: childAddress ? hostPort : containerPort,
  };
}

function withForward(held: HostPortHolder, remove: () => void): HostPortHolder {
  return {
    serve: ctx => held.serve(ctx),
    [Symbol.dispose]() {
      held[Symbol.dispose]();
      remove();
    },
  };
}

/** One call after the other: a port that is given back must be free before it is taken again. */
function ordered(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return work => {
    const next = last.then(work);
    last = next.catch(() => {}); // its caller hears of it
    return next;
  };
}

function unknownProtocol(protocol: string, driver: string): EngineError {
  return new EngineError(
    'unimplemented',
    `protocol ${JSON.stringify(protocol)} is not supported by the RootlessKit port driver ${JSON.stringify(driver)}`,
  );
}
