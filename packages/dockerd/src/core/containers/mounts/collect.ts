/** All mounts that a new container asks for: inherited, binds, mounts, and the anonymous volumes of its image. */
import {randomHex} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import type {ContainerConfig} from '../documents/container-config.ts';
import type {HostConfig} from '../documents/host-config.ts';
import type {MountPoint} from '../mount-point.ts';
import type {ContainerRegistry} from '../registry.ts';
import {protectDaemonRoot} from './daemon-root.ts';
import {isValidMode, noBindOptions, type ParsedMount, parseBind} from './parse-bind.ts';
import {parseMount, targetProblem} from './parse-mount.ts';

/** A mount that is still to be provided, or one that another container has already. */
export type WantedMount = {kind: 'new'; mount: ParsedMount} | {kind: 'inherited'; point: MountPoint};

/** By destination. Throws Docker's messages for duplicates, unknown containers and bad modes. */
export function collectMounts(
  config: ContainerConfig,
  host: HostConfig,
  {
    registry,
    isReadOnlyTopOnly,
    daemonRoot,
  }: {registry: ContainerRegistry; isReadOnlyTopOnly: boolean; daemonRoot: string},
): Map<string, WantedMount> {
  const wanted = new Map<string, WantedMount>();
  for (const text of host.VolumesFrom ?? []) {
    for (const point of inheritedMounts(text, registry)) wanted.set(point.Destination, {kind: 'inherited', point});
  }
  const explicit = new Set<string>(Object.keys(host.Tmpfs ?? {}).map(checkTmpfsTarget));
  const binds = (host.Binds ?? []).map(text => withDefaults(parseBind(text), host, isReadOnlyTopOnly));
  for (const asked of [...binds, ...(host.Mounts ?? []).map(parseMount)]) {
    const mount = protectDaemonRoot(asked, daemonRoot);
    if (explicit.has(mount.destination)) {
      throw new EngineError('invalid-argument', `Duplicate mount point: ${mount.destination}`);
    }
    explicit.add(mount.destination);
    wanted.set(mount.destination, {kind: 'new', mount});
  }
  for (const path of Object.keys(config.Volumes ?? {})) {
    const mount = withDefaults(parseBind(path.startsWith('/') ? path : `/${path}`), host, false);
    const isTaken = wanted.has(mount.destination) || explicit.has(mount.destination);
    if (!isTaken) wanted.set(mount.destination, {kind: 'new', mount});
  }
  return wanted;
}

/** `--tmpfs`: the target as given. Throws `invalid-argument` for one that is relative or the root. */
function checkTmpfsTarget(target: string): string {
  const problem = targetProblem(target);
  if (problem) throw new EngineError('invalid-argument', problem);
  return target;
}

/** What `-v` leaves to others: the driver of its volumes, and what read-only means. */
function withDefaults(mount: ParsedMount, {VolumeDriver: driver}: HostConfig, isTopOnly: boolean): ParsedMount {
  if (!isTopOnly || mount.type !== 'bind' || !mount.readOnly) return {...mount, driver};
  const options = {...(mount.spec.BindOptions ?? noBindOptions), ReadOnlyNonRecursive: true};
  return {...mount, driver, spec: {...mount.spec, BindOptions: options}};
}

/** `container[:mode]`. The mounts of the other container; `ro` makes them all read-only here. */
function inheritedMounts(text: string, registry: ContainerRegistry): MountPoint[] {
  const [, reference = '', mode = ''] = /^([^:]*)(?::(.*))?$/.exec(text) ?? [];
  if (!isValidMode(mode) || /nocopy|private|shared|slave/.test(mode)) {
    throw new EngineError('invalid-argument', `invalid mode: ${mode}`);
  }
  const readOnly = mode.split(',').includes('ro');
  const {mounts} = findForCreate(reference, registry).record;
  return Object.values(mounts).map(point => ({
    ...point,
    RW: point.RW && !readOnly,
    CopyData: false,
    ID: point.Type === 'volume' ? randomHex(32) : '',
  }));
}

/** A reference inside of a create request: that it is unknown is the request's fault. */
function findForCreate(reference: string, registry: ContainerRegistry) {
  try {
    return registry.find(reference);
  } catch (error) {
    if (codeOf(error) !== 'not-found') throw error;
    throw new EngineError('invalid-argument', messageOf(error), {cause: error});
  }
}
