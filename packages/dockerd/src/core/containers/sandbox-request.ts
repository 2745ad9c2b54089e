import {join} from 'node:path';
import type {SandboxRequest} from '../ports/network-controller.ts';
import type {Container} from './container.ts';
import {linkedHosts} from './links/linked-hosts.ts';
import {chooseUserNamespace} from './namespaces.ts';
import {isCutOff} from './network-mode.ts';
import type {World} from './world.ts';

/** What the networks part needs to know about a container. */
export function sandboxRequestOf(world: World, container: Container): SandboxRequest {
  const {id, config, host, network, files} = container.record;
  const isAlone = isCutOff(config, host, world.config);
  return {
    containerId: id,
    containerName: container.name,
    // Without any network its namespace has nothing but the loopback device.
    networkMode: isAlone ? 'none' : host.NetworkMode,
    hostname: config.Hostname,
    domainname: config.Domainname,
    exposedPorts: Object.keys(config.ExposedPorts ?? {}),
    portBindings: host.PortBindings ?? {},
    publishAllPorts: host.PublishAllPorts,
    dns: host.Dns ?? [],
    dnsOptions: host.DnsOptions ?? [],
    dnsSearch: host.DnsSearch ?? [],
    extraHosts: host.ExtraHosts ?? [],
    linkedHosts: linkedHosts(world, container),
    sysctls: host.Sysctls ?? {},
    userNamespace: chooseUserNamespace(world, container),
    endpoints: isAlone ? {} : (network.Networks ?? {}),
    files: {
      hosts: files.hosts,
      resolvConf: files.resolvConf,
      resolvConfHash: join(world.store.directory(id), 'resolv.conf.hash'),
    },
  };
}
