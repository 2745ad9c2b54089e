import {shortId} from '@longshore/base';
import type {LinkedHost} from '../../ports/network-controller.ts';
import type {Container} from '../container.ts';
import type {World} from '../world.ts';

/** Lines for /etc/hosts: the linked container by its alias, its hostname and its own name. */
export function linkedHosts(world: World, parent: Container): LinkedHost[] {
  return world.registry.links.childrenOf(parent.id).flatMap(({childId, alias}) => {
    const child = world.registry.get(childId);
    const address = child?.record.network.Networks?.bridge?.IPAddress;
    if (!child || !address) return [];
    const hostname = child.record.config.Hostname || shortId(child.id);
    const ports = Object.keys(child.record.config.ExposedPorts ?? {});
    return [{address, ports, names: [alias, hostname, ...(alias === child.name ? [] : [child.name])].join(' ')}];
  });
}
