/** From the modes of a HostConfig to namespaces of the spec. */
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import type {Container} from './container.ts';
import type {NamespaceChoice, NamespaceChoices} from './spec/namespaces.ts';
import {hasProcess, pidOf} from './state.ts';
import {remappingOf, type World} from './world.ts';

/** The container that a mode `container:x` names. Throws `invalid-argument` when there is none. */
export function joinedContainer(world: World, mode: string): Container | undefined {
  if (!mode.startsWith('container:')) return undefined;
  try {
    return world.registry.find(mode.slice('container:'.length));
  } catch (error) {
    if (codeOf(error) !== 'not-found') throw error;
    throw new EngineError('invalid-argument', messageOf(error), {cause: error});
  }
}

/** Namespaces of a start, with those of the sandbox. Throws when a container to join does not run. */
export function chooseNamespaces(
  world: World,
  container: Container,
  {netnsPath, usernsPath}: {netnsPath: string | undefined; usernsPath: string | undefined},
): NamespaceChoices {
  const {host} = container.record;
  const user = chooseUserNamespace(world, container);
  return {
    user: user === 'own' && usernsPath ? {path: usernsPath} : user,
    network: networkOf(world, container, netnsPath),
    uts: host.UTSMode === 'host' ? 'host' : 'own',
    pid: host.PidMode === 'host' ? 'host' : joinOr(world, host.PidMode, 'pid', 'PID'),
    ipc: host.IpcMode === 'host' ? 'host' : joinOr(world, host.IpcMode, 'ipc', 'IPC'),
    cgroup: host.CgroupnsMode === 'private' ? 'own' : 'host',
  };
}

/**
 * The user namespace of a container. What it joins of another container belongs to that one's user namespace, and can
 * only be used from there.
 */
export function chooseUserNamespace(world: World, container: Container): NamespaceChoice {
  const {host} = container.record;
  if (!remappingOf(world, host)) return 'host';
  const joined =
    joinedContainer(world, host.PidMode) ?? joinedContainer(world, host.IpcMode) ?? networkOwner(world, container);
  return joined && hasProcess(joined.state) ? {path: `/proc/${pidOf(joined.state)}/ns/user`} : 'own';
}

function networkOf(world: World, container: Container, netnsPath: string | undefined): NamespaceChoice {
  const other = networkOwner(world, container);
  if (other) return {path: `/proc/${pidOf(other.state)}/ns/net`};
  return netnsPath === undefined ? 'host' : {path: netnsPath};
}

/** The container whose network this one uses, which must run. Undefined when it has its own. */
export function networkOwner(world: World, container: Container): Container | undefined {
  const {NetworkMode: mode} = container.record.host;
  if (!mode.startsWith('container:')) return undefined;
  const other = world.registry.find(mode.slice('container:'.length));
  if (other === container) throw new EngineError('invalid-argument', 'cannot join own network');
  requireRunning(other, 'network');
  return other;
}

function joinOr(world: World, mode: string, kind: 'pid' | 'ipc', shown: string): NamespaceChoice {
  const other = joinedContainer(world, mode);
  if (!other) return 'own';
  requireRunning(other, shown);
  if (kind === 'ipc' && !isShareable(other)) {
    throw new EngineError(
      'invalid-argument',
      `can't join IPC of container ${other.id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
    );
  }
  return {path: `/proc/${pidOf(other.state)}/ns/${kind}`};
}

function isShareable(other: Container): boolean {
  return ['shareable', 'host'].includes(other.record.host.IpcMode);
}

function requireRunning(other: Container, shown: string): void {
  if (other.state.status === 'restarting') {
    throw new EngineError(
      'conflict',
      `cannot join ${shown} namespace of container: container ${other.id} is restarting, wait until the container is running`,
    );
  }
  if (hasProcess(other.state)) return;
  throw new EngineError(
    'conflict',
    `cannot join ${shown} namespace of a non running container: container ${other.name} is ${other.state.status}`,
  );
}
