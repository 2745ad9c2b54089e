/** Composes the networks part: core, kernel, packet filter, files. */
import {join} from 'node:path';
import type {CallContext, Logger} from '@longshore/base';
import type {Config} from '../config/config.ts';
import type {RootlessEnvironment} from '../config/rootless.ts';
import type {EventBus} from '../core/events/event-bus.ts';
import {Attachments} from '../core/networks/attachments.ts';
import {ContainerFiles} from '../core/networks/container-files.ts';
import {Controller} from '../core/networks/controller.ts';
import {NameService} from '../core/networks/dns/name-service.ts';
import {NetworkManager} from '../core/networks/manager.ts';
import type {NetworkConfig} from '../core/networks/network-config.ts';
import type {HostPortSockets} from '../core/networks/ports.ts';
import {PortPublisher} from '../core/networks/publish/port-publisher.ts';
import {NetworkRegistry} from '../core/networks/registry.ts';
import {Sandboxes} from '../core/networks/sandboxes.ts';
import {defaultSubnetPools, parseSubnetPools} from '../core/networks/subnet-pools.ts';
import {localPool, parseSubnetPools6} from '../core/networks/subnet-pools6.ts';
import type {ContainerEndpoints, NetworkController} from '../core/ports/network-controller.ts';
import type {Remapping} from '../core/users/remapping.ts';
import {dnsSockets} from '../drivers/bridge/dns-sockets.ts';
import {bothFamilies} from '../drivers/bridge/families.ts';
import {enableForwarding, enableForwardingIpv6} from '../drivers/bridge/forwarding.ts';
import {hostFiles, sandboxFiles} from '../drivers/bridge/host-files.ts';
import {hostPortSockets} from '../drivers/bridge/host-port-sockets.ts';
import {IptablesFirewall} from '../drivers/bridge/iptables.ts';
import {openLinkDriver} from '../drivers/bridge/link-driver.ts';
import {openNetworkStore} from '../drivers/bridge/network-store.ts';
import {RootlesskitClient} from '../drivers/bridge/rootlesskit-client.ts';
import {rootlesskitPorts} from '../drivers/bridge/rootlesskit-ports.ts';
import {openSandboxStore} from '../drivers/bridge/sandbox-store.ts';

export interface Networks extends AsyncDisposable {
  /** For containers. */
  controller: NetworkController;
  /** For the API. */
  manager: NetworkManager;
  attachments: Attachments;
}

export interface NetworksOptions {
  config: NetworkConfig;
  /** Of a rootless daemon. */
  rootless?: RootlessEnvironment | undefined;
  dataRoot: string;
  execRoot: string;
  remapping: Remapping | undefined;
  events: EventBus;
  containers: () => ContainerEndpoints;
  /** PATH of the daemon. */
  path: string;
  /** Path of docker-proxy. Throws `not-found`. */
  findProxy: () => Promise<string>;
}

/**
 * Takes over the stored networks and makes their devices. The packet filter is set up by `controller.restore`, which
 * knows the containers that run. Throws when the default bridge cannot be made.
 */
export async function openNetworks(ctx: CallContext, options: NetworksOptions): Promise<Networks> {
  const {config, execRoot, dataRoot, events, containers} = options;
  const namespaces = join(execRoot, 'netns');
  const links = openLinkDriver(namespaces, options.remapping);
  try {
    const turnedOnForwarding = config.ipForward && enableForwarding();
    const dropForward = turnedOnForwarding && !config.ipForwardNoDrop;
    const {path} = options;
    const {log} = ctx;
    const ipv4 = config.iptables ? new IptablesFirewall({family: 'ipv4', dropForward, path, log}) : undefined;
    const ipv6 = config.ip6tables ? new IptablesFirewall({family: 'ipv6', dropForward: false, path, log}) : undefined;
    const networkStore = openNetworkStore(join(dataRoot, 'network', 'files'), ctx.log);
    const registry = new NetworkRegistry(networkStore, config);
    const firewall = bothFamilies({ipv4, ipv6, needsIpv6: () => registry.subnets6.length > 0, log});
    const forwardIpv6 = () => {
      const turnedOn = config.ipForward && enableForwardingIpv6();
      if (turnedOn && !config.ipForwardNoDrop) ipv6?.dropForward();
    };
    const manager = new NetworkManager({config, registry, links, firewall, events, forwardIpv6});
    await manager.open(ctx, await networkStore.load());
    const store = openSandboxStore(join(execRoot, 'libnetwork'), ctx.log);
    const publisher = new PortPublisher({
      firewall,
      sockets: openSockets(options, ctx.log),
      userlandProxy: config.userlandProxy,
      defaultAddress: config.defaultBindingIp,
    });
    const files = new ContainerFiles({config, registry, host: hostFiles, files: sandboxFiles(options.remapping?.root)});
    const neighbourhood = (containerId: string) => registry.all.filter(({endpoints}) => endpoints.has(containerId));
    const names = new NameService(dnsSockets(options.path, ctx.log), neighbourhood, ctx.log);
    const sandboxes = new Sandboxes({
      directory: namespaces,
      registry,
      links,
      store,
      files,
      publisher,
      names,
      events,
      firewall,
    });
    return {
      controller: new Controller({
        inUserNamespace: options.rootless !== undefined,
        config,
        registry,
        sandboxes,
        store,
        links,
        firewall,
        publisher,
      }),
      manager,
      attachments: new Attachments({registry, sandboxes, containers}),
      async [Symbol.asyncDispose]() {
        firewall?.[Symbol.dispose]();
        names[Symbol.dispose]();
        publisher[Symbol.dispose]();
        links[Symbol.dispose]();
      },
    };
  } catch (error) {
    links[Symbol.dispose]();
    throw error;
  }
}

function openSockets({findProxy, rootless}: NetworksOptions, log: Logger): HostPortSockets {
  const inside = hostPortSockets({findProxy, log});
  const {stateDirectory = ''} = rootless ?? {};
  return stateDirectory === '' ? inside : rootlesskitPorts(new RootlesskitClient(stateDirectory), inside, log);
}

/** The daemon's options as the networks part reads them. Throws `invalid-argument`. */
export function networkConfig(config: Config, engineId: string): NetworkConfig {
  const pools = parseSubnetPools(config.defaultAddressPools);
  return {
    bridge: config.bridge || 'docker0',
    bip: config.bip,
    fixedCidr: config.fixedCidr,
    defaultGateway: config.defaultGateway,
    ipv6: config.ipv6,
    bip6: config.bip6,
    fixedCidrV6: config.fixedCidrV6,
    defaultGatewayV6: config.defaultGatewayV6,
    pools6: [...parseSubnetPools6(config.defaultAddressPools), localPool(engineId)],
    pools: pools.length > 0 ? pools : defaultSubnetPools,
    mtu: config.mtu || 1500,
    icc: config.icc,
    defaultBindingIp: config.hostIp,
    iptables: config.iptables,
    ip6tables: config.ip6tables,
    ipForward: config.ipForward,
    ipForwardNoDrop: config.ipForwardNoDrop,
    ipMasq: config.ipMasq,
    allowDirectRouting: config.allowDirectRouting,
    userlandProxy: config.userlandProxy,
    userlandProxyPath: config.userlandProxyPath,
    dns: config.dns,
    dnsOptions: config.dnsOptions,
    dnsSearch: config.dnsSearch,
    hostGatewayIps: config.hostGatewayIps,
    defaultNetworkOptions: config.defaultNetworkOptions,
  };
}
