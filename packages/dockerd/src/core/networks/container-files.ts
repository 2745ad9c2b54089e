/** What is written into the files that a container finds its names and name servers in. */
import type {SandboxRequest} from '../ports/network-controller.ts';
import {appendHosts, formatHosts, ownEntries, parseExtraHost} from './files/hosts-file.ts';
import {type GeneratedResolvConf, generateResolvConf, parseResolvConf} from './files/resolv-conf.ts';
import {formatIpv4} from './ipv4.ts';
import {formatIpv6} from './ipv6.ts';
import {isUserDefined, type Network} from './network.ts';
import type {NetworkConfig} from './network-config.ts';
import type {HostFiles, SandboxFiles} from './ports.ts';
import type {NetworkRegistry} from './registry.ts';
import type {SandboxRecord} from './sandbox-record.ts';

export interface ContainerFilesParts {
  config: NetworkConfig;
  registry: NetworkRegistry;
  host: HostFiles;
  files: SandboxFiles;
}

export class ContainerFiles {
  readonly #parts: ContainerFilesParts;

  constructor(parts: ContainerFilesParts) {
    this.#parts = parts;
  }

  /** Writes both files. */
  async write(request: SandboxRequest, sandbox: SandboxRecord): Promise<void> {
    const {files} = this.#parts;
    const {hosts, resolvConf, resolvConfHash} = request.files;
    await Promise.all([
      files.writeHosts(hosts, this.#hosts(request, sandbox)),
      files.writeResolvConf(resolvConf, resolvConfHash, this.resolver(request, sandbox).text),
    ]);
  }

  #hosts(request: SandboxRequest, sandbox: SandboxRecord): string {
    const extra = request.extraHosts.flatMap(text => parseExtraHost(text, this.#gateways()));
    if (sandbox.isHost) return appendHosts(this.#parts.host.hosts(), extra);
    const addresses = (sandbox.endpoints ?? []).flatMap(({address, address6}) =>
      [address, address6].filter(each => each !== ''),
    );
    return formatHosts([
      ...extra,
      ...request.linkedHosts,
      ...ownEntries(addresses, request.hostname, request.domainname),
    ]);
  }

  /** The text of resolv.conf, and what the embedded name server has to know. */
  resolver(request: SandboxRequest, sandbox: SandboxRecord): GeneratedResolvConf {
    const {config, host, registry} = this.#parts;
    const pick = (own: readonly string[], daemon: readonly string[]) => (own.length > 0 ? own : daemon);
    const settings = {
      nameservers: pick(request.dns, config.dns),
      search: pick(request.dnsSearch, config.dnsSearch),
      options: pick(request.dnsOptions, config.dnsOptions),
    };
    const networks = (sandbox.endpoints ?? []).map(({networkId}) => registry.byId(networkId));
    const mode = sandbox.isHost ? 'host' : networks.some(isServed) ? 'internal' : 'legacy';
    const {text, path} = host.resolvConf();
    const hasIpv6 = networks.some(network => network?.kind === 'bridge' && network.v6);
    return generateResolvConf(parseResolvConf(text), settings, mode, path, hasIpv6);
  }

  /** What `host-gateway` means. */
  #gateways(): readonly string[] {
    const {config, registry} = this.#parts;
    if (config.hostGatewayIps.length > 0) return config.hostGatewayIps;
    const bridge = registry.byName('bridge');
    if (bridge?.kind !== 'bridge') return [];
    return [formatIpv4(bridge.deviceAddress), ...(bridge.v6 ? [formatIpv6(bridge.v6.deviceAddress)] : [])];
  }
}

function isServed(network: Network | undefined): boolean {
  return network !== undefined && isUserDefined(network);
}
