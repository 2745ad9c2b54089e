/** Published ports: numbers of the host, sockets or proxies that hold them, rules that lead to the container. */
import type {CallContext} from '@longshore/base';
import {codeOf, EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import type {SandboxRequest} from '../../ports/network-controller.ts';
import {portRules} from '../firewall/network-rules.ts';
import type {BridgeNetwork} from '../network.ts';
import type {Firewall, FirewallRule, HostPortHolder, HostPortSockets} from '../ports.ts';
import type {Endpoint, PublishedPort} from '../sandbox-record.ts';
import {HostPorts} from './host-ports.ts';
import {type WantedPort, wantedPorts} from './wanted-ports.ts';

export interface PortPublisherParts {
  firewall: Firewall | undefined;
  sockets: HostPortSockets;
  userlandProxy: boolean;
  /** Host address for bindings without one, where the network does not say. */
  defaultAddress: string;
}

export class PortPublisher {
  readonly #parts: PortPublisherParts;
  readonly #ports: HostPorts;
  readonly #holders = new Map<string, HostPortHolder>();

  constructor(parts: PortPublisherParts) {
    this.#parts = parts;
    this.#ports = new HostPorts(parts.sockets.ephemeralPorts());
  }

  /**
   * Publishes what the request asks for; nothing is left when it fails. `record` stores the ports before their rules
   * and proxies are made. Throws `driver failed programming external connectivity on endpoint …`.
   */
  async publish(
    ctx: CallContext,
    request: SandboxRequest,
    network: BridgeNetwork,
    endpoint: Endpoint,
    record: (ports: PublishedPort[]) => void,
  ): Promise<void> {
    const {sockets, userlandProxy, defaultAddress} = this.#parts;
    const wanted = wantedPorts(request, {
      address: network.options.bindingAddress || defaultAddress,
      alsoIpv6: (userlandProxy || endpoint.address6 !== '') && sockets.hasIpv6(),
    });
    if (wanted.length === 0) return;
    const ports: PublishedPort[] = [];
    let hasRules = false;
    try {
      for (const each of wanted) ports.push(...(await this.#bind(each, network, endpoint)));
      record(ports);
      await this.#parts.firewall?.change(this.rules(ports), []);
      hasRules = true;
      await Promise.all(ports.map(port => this.#holders.get(keyOf(port))?.serve(ctx)));
    } catch (error) {
      this.#letGo(ports);
      if (hasRules) await this.#parts.firewall?.change([], this.rules(ports));
      record([]);
      const code = codeOf(error) === 'already-exists' ? 'unknown' : codeOf(error); // 500, as Docker has it
      throw new EngineError(
        code,
        `driver failed programming external connectivity on endpoint ${request.containerName} (${endpoint.id}): ${messageOf(error)}`,
        {cause: error},
      );
    }
  }

  /** After a start of the daemon: ports of containers that still run. Their rules are part of the first sync. */
  async adopt(ctx: CallContext, ports: readonly PublishedPort[]): Promise<void> {
    for (const port of ports) {
      this.#ports.take(port.protocol, port.hostAddress, port.hostPort);
      try {
        const holder = await this.#parts.sockets.hold(port, {proxy: this.#parts.userlandProxy});
        this.#holders.set(keyOf(port), holder);
        await holder.serve(ctx);
      } catch (error) {
        ctx.log.error({port: keyOf(port), error}, 'cannot serve a published port again');
      }
    }
  }

  /** Fine for ports that are not published (any more). */
  async withdraw(ports: readonly PublishedPort[]): Promise<void> {
    const held = ports.filter(port => this.#holders.has(keyOf(port)));
    this.#letGo(held);
    await this.#parts.firewall?.change([], this.rules(held));
  }

  /** Where the container has no IPv6, what comes in by it goes through the proxy alone. */
  rules(ports: readonly PublishedPort[]): FirewallRule[] {
    const {userlandProxy} = this.#parts;
    const own = ports.filter(
      ({hostAddress, containerAddress}) => hostAddress.includes(':') === containerAddress.includes(':'),
    );
    return own.flatMap(port => portRules(port, {userlandProxy}));
  }

  /** For shutdown: the rules stay, and containers stay reachable through them. */
  [Symbol.dispose](): void {
    for (const holder of this.#holders.values()) holder[Symbol.dispose]();
    this.#holders.clear();
  }

  /** One number for all addresses; the next candidate when the host itself uses it and the user left a choice. */
  async #bind(wanted: WantedPort, network: BridgeNetwork, endpoint: Endpoint): Promise<PublishedPort[]> {
    const candidates = this.#ports.candidates(wanted);
    for (const [index, hostPort] of candidates.entries()) {
      const ports = wanted.hostAddresses.map(hostAddress => ({
        protocol: wanted.protocol,
        containerAddress: hostAddress.includes(':') ? endpoint.address6 || endpoint.address : endpoint.address,
        containerPort: wanted.containerPort,
        hostAddress,
        hostPort,
        device: network.device,
      }));
      // Another container may have got it while one before was tried.
      if (!ports.every(port => this.#ports.isFree(port.protocol, port.hostAddress, port.hostPort))) continue;
      try {
        await this.#holdAll(ports);
        return ports;
      } catch (error) {
        if (!isErrorCode(error, 'already-exists') || index === candidates.length - 1) throw error;
      }
    }
    const [address] = wanted.hostAddresses;
    throw new EngineError('unknown', `Bind for ${address}:${wanted.first} failed: port is already allocated`);
  }

  /** Their numbers are taken before anything is waited for: no other container is to try them. */
  async #holdAll(ports: readonly PublishedPort[]): Promise<void> {
    for (const port of ports) this.#ports.take(port.protocol, port.hostAddress, port.hostPort);
    const held: [string, HostPortHolder][] = [];
    try {
      for (const port of ports) {
        held.push([keyOf(port), await this.#parts.sockets.hold(port, {proxy: this.#parts.userlandProxy})]);
      }
    } catch (error) {
      for (const [, holder] of held) holder[Symbol.dispose]();
      for (const port of ports) this.#ports.giveBack(port.protocol, port.hostAddress, port.hostPort);
      throw error;
    }
    for (const [key, holder] of held) this.#holders.set(key, holder);
  }

  #letGo(ports: readonly PublishedPort[]): void {
    for (const port of ports) {
      this.#holders.get(keyOf(port))?.[Symbol.dispose]();
      this.#holders.delete(keyOf(port));
      this.#ports.giveBack(port.protocol, port.hostAddress, port.hostPort);
    }
  }
}

function keyOf({protocol, hostAddress, hostPort}: PublishedPort): string {
  return `${hostAddress}:${hostPort}/${protocol}`;
}
