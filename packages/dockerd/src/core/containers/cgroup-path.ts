/** Where the cgroup of a container is, by the two ways to make it: directories, or slices and scopes of systemd. */
import {EngineError} from '@longshore/errdefs';
import type {Config} from '../../config/config.ts';
import type {HostFacts} from '../system/host-facts.ts';
import type {ContainerRecord} from './record.ts';

/** `none`: a rootless daemon that nobody has given cgroups to. */
export type CgroupDriver = 'cgroupfs' | 'systemd' | 'none';

/** What the choice depends on. */
type Host = Pick<HostFacts, 'cgroup' | 'systemd'>;

const defaultParents = {cgroupfs: '/docker', systemd: 'system.slice'};
/** Of the user's own systemd. */
const rootlessSlice = 'user.slice';

/**
 * The driver of `--exec-opt native.cgroupdriver=…`; without it systemd on a unified hierarchy that systemd manages, as two
 * writers of one hierarchy disturb each other, else cgroupfs (as Docker since 20.10). Without the host's root the user's
 * systemd is the only one who may give cgroups.
 */
export function cgroupDriverOf(
  config: Pick<Config, 'execOptions' | 'rootless'>,
  {cgroup, systemd}: {cgroup: {version: 1 | 2}; systemd: boolean},
): CgroupDriver {
  const option = config.execOptions.map(each => each.split('=')).find(([key]) => key === 'native.cgroupdriver');
  if (option?.[1] === 'systemd' || (!option && cgroup.version === 2 && systemd)) return 'systemd';
  return config.rootless ? 'none' : 'cgroupfs';
}

/**
 * `cgroupsPath` of the OCI configuration, below the parent that the container, the daemon or Docker chooses. With systemd it
 * is `slice:prefix:name`, which the runtime makes into the scope `docker-<id>.scope`. Empty when there is to be none.
 */
export function cgroupsPathOf(
  {config, facts}: {config: Config; facts: Host},
  {id, host}: Pick<ContainerRecord, 'id' | 'host'>,
): string {
  const driver = cgroupDriverOf(config, facts);
  if (driver === 'none') return '';
  const standard = config.rootless && driver === 'systemd' ? rootlessSlice : defaultParents[driver];
  const parent = host.CgroupParent || config.cgroupParent || standard;
  return driver === 'systemd' ? `${parent}:docker:${id}` : `${parent.replace(/\/+$/, '')}/${id}`;
}

/** Throws `invalid-argument` with Docker's words for a parent that systemd cannot have. An empty one is the default. */
export function verifyCgroupParent(parent: string, config: Config, facts: Host): void {
  if (parent === '' || cgroupDriverOf(config, facts) !== 'systemd' || isSliceName(parent)) return;
  throw new EngineError(
    'invalid-argument',
    'cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice"',
  );
}

/** Checks the daemon's own cgroup settings against this machine, at its start. Throws. */
export function verifyCgroupSettings(config: Config, facts: Host): void {
  const isSystemd = cgroupDriverOf(config, facts) === 'systemd';
  if (isSystemd && config.rootless && facts.cgroup.version !== 2) {
    throw new EngineError(
      'failed-precondition',
      'exec-opt native.cgroupdriver=systemd requires cgroup v2 for rootless mode',
    );
  }
  if (isSystemd && config.rootless && !facts.systemd) {
    throw new EngineError(
      'failed-precondition',
      'native.cgroupdriver=systemd in rootless mode needs a systemd of the user, which answers at the D-Bus of the session (see dbus-user-session)',
    );
  }
  if (isSystemd && !facts.systemd) {
    throw new EngineError(
      'failed-precondition',
      'native.cgroupdriver=systemd needs a host that systemd runs (there is no /run/systemd/system): use native.cgroupdriver=cgroupfs',
    );
  }
  verifyCgroupParent(config.cgroupParent, config, facts);
}

/** systemd.slice(5): dashes separate the levels of the hierarchy, so that none is at an end or doubled. */
function isSliceName(name: string): boolean {
  return /^(?:-|[A-Za-z0-9:_.\\]+(?:-[A-Za-z0-9:_.\\]+)*)\.slice$/.test(name);
}
