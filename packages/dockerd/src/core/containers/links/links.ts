/** `--link` on the default bridge: made with a container, followed by its environment and /etc/hosts. */
import type {CallContext} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {Container} from '../container.ts';
import type {HostConfig} from '../documents/host-config.ts';
import {isContainerMode, isUserDefinedMode} from '../network-mode.ts';
import {sandboxRequestOf} from '../sandbox-request.ts';
import {hasProcess} from '../state.ts';
import {saveContainer, type World} from '../world.ts';
import {linkEnvironment} from './environment.ts';
import {type Link, parseLink} from './link-index.ts';

const bridge = 'bridge';

/** The containers that the links of a create request name. Throws Docker's messages. */
export function resolveLinks(world: World, {Links: links, NetworkMode: mode}: HostConfig): Omit<Link, 'parentId'>[] {
  if (isUserDefinedMode(mode)) return [];
  return (links ?? []).map(text => {
    const {name, alias} = parseLink(text);
    const child = networkOwner(world, findChild(world, name));
    if (child.record.host.NetworkMode === 'host') {
      throw new EngineError(
        'invalid-argument',
        `conflicting options: host type networking can't be used with links. This would result in undefined behavior`,
      );
    }
    return {alias, childId: child.id};
  });
}

/** Who has the network of a container that joins another one's: its address is the one to link to. */
function networkOwner(world: World, container: Container): Container {
  const {NetworkMode: mode} = container.record.host;
  return isContainerMode(mode) ? networkOwner(world, findChild(world, mode.slice('container:'.length))) : container;
}

function findChild(world: World, name: string): Container {
  try {
    return world.registry.find(name);
  } catch (error) {
    const message = `could not get container for ${name}: ${messageOf(error)}`;
    throw new EngineError('invalid-argument', message, {cause: error});
  }
}

/** The link counts from now on, and its name means the linked container. */
export function addLink(world: World, parent: Container, {alias, childId}: Omit<Link, 'parentId'>): void {
  const {registry} = world;
  registry.links.add({parentId: parent.id, childId, alias});
  const name = `${parent.record.name}/${alias}`;
  if (registry.isNameFree(name)) registry.reserveName(name, childId);
}

/** After a start of the daemon. A container that is gone leaves a link without meaning. */
export function restoreLinks(world: World, parent: Container): void {
  const {Links: links, NetworkMode: mode} = parent.record.host;
  if (isUserDefinedMode(mode)) return;
  for (const text of links ?? []) {
    const {name, alias} = parseLink(text);
    try {
      addLink(world, parent, {alias, childId: networkOwner(world, world.registry.find(name)).id});
    } catch (error) {
      world.log.warn({container: parent.id, link: text, error}, 'the container of a link is gone');
    }
  }
}

/** Forgets all links from and to a container that is removed. */
export function dropLinks(world: World, container: Container): void {
  const {registry} = world;
  for (const {parentId, childId, alias} of registry.links.remove(container.id)) {
    const parent = registry.get(parentId);
    if (parent) registry.releaseName(`${parent.record.name}/${alias}`, childId);
  }
}

/** DELETE …?link=1 of `/parent/alias`. Throws Docker's messages. */
export async function removeLink(world: World, ctx: CallContext, reference: string): Promise<void> {
  const name = reference.startsWith('/') ? reference : `/${reference}`;
  const at = name.lastIndexOf('/');
  const parentName = name.slice(0, at);
  const alias = name.slice(at + 1);
  const child = world.registry.find(name);
  if (parentName === '') {
    throw new EngineError('conflict', 'Conflict, cannot remove the default link name of the container');
  }
  const parent = world.registry.byName(parentName);
  if (!parent) throw new EngineError('unknown', `cannot get parent ${parentName} for link ${name}`);
  using _lock = await parent.lock.acquire(ctx.signal);
  const {record} = parent;
  world.registry.releaseName(name, child.id);
  world.registry.links.remove(parent.id, alias);
  record.host = {...record.host, Links: storedLinks(world, parent)};
  await saveContainer(world, parent);
  if (hasProcess(parent.state)) await world.networks.refreshHosts(sandboxRequestOf(world, parent));
}

/** A container has a new name: the names of its links follow, and the records of those that are linked to it. */
export async function renameLinks(world: World, container: Container, oldName: string): Promise<void> {
  const {registry} = world;
  for (const {alias, childId} of registry.links.childrenOf(container.id)) {
    registry.releaseName(`${oldName}/${alias}`, childId);
    const name = `${container.record.name}/${alias}`;
    if (registry.isNameFree(name)) registry.reserveName(name, childId);
  }
  for (const {parentId} of registry.links.parentsOf(container.id)) {
    const parent = registry.get(parentId);
    if (!parent) continue;
    parent.record.host = {...parent.record.host, Links: storedLinks(world, parent)};
    await saveContainer(world, parent);
  }
}

/** `child:alias`, as hostconfig.json keeps it. */
function storedLinks(world: World, parent: Container): string[] | null {
  const links = world.registry.links.childrenOf(parent.id);
  const texts = links.map(({childId, alias}) => `${world.registry.get(childId)?.name ?? childId}:${alias}`);
  return texts.length > 0 ? texts : null;
}

/** `/child:/parent/alias`, as an inspect shows it. */
export function shownLinks(world: World, parent: Container): string[] | null {
  const links = world.registry.links.childrenOf(parent.id);
  if (links.length === 0) return isUserDefinedMode(parent.record.host.NetworkMode) ? parent.record.host.Links : null;
  return links.map(({childId, alias}) => {
    const child = world.registry.get(childId);
    return `${child?.record.name ?? childId}:${parent.record.name}/${alias}`;
  });
}

/** Names that links give a container: `/parent/alias`. */
export function linkNamesOf(world: World, child: Container): string[] {
  return world.registry.links.parentsOf(child.id).flatMap(({parentId, alias}) => {
    const parent = world.registry.get(parentId);
    return parent ? [`${parent.record.name}/${alias}`] : [];
  });
}

/** Variables of all links; none when the container is not on the default bridge. Throws when one does not run. */
export function linkVariables(world: World, parent: Container): string[] {
  if (!parent.record.network.Networks?.[bridge]) return [];
  return world.registry.links.childrenOf(parent.id).flatMap(({childId, alias}) => {
    const child = world.registry.get(childId);
    if (!child) return [];
    const linkName = `${parent.record.name}/${alias}`;
    if (!hasProcess(child.state)) {
      throw new EngineError('unknown', `Cannot link to a non running container: ${child.record.name} AS ${linkName}`);
    }
    const endpoint = child.record.network.Networks?.[bridge];
    if (!endpoint) throw new EngineError('unknown', `container ${child.id} not attached to default bridge network`);
    const {ExposedPorts: exposed, Env: env} = child.record.config;
    const exposedPorts = Object.keys(exposed ?? {});
    return linkEnvironment({alias, linkName, address: endpoint.IPAddress, exposedPorts, env: env ?? []});
  });
}

/** A container has started, perhaps with another address: those that are linked to it learn of it. */
export async function tellParents(world: World, child: Container): Promise<void> {
  for (const {parentId} of world.registry.links.parentsOf(child.id)) {
    const parent = world.registry.get(parentId);
    if (!parent || !hasProcess(parent.state)) continue;
    try {
      await world.networks.refreshHosts(sandboxRequestOf(world, parent));
    } catch (error) {
      world.log.warn({container: parent.id, error}, 'cannot write the new address of a linked container');
    }
  }
}
