/** Where the cgroup of a container is, by the two ways to make it: directories, or slices and scopes of systemd. */
import {EngineError} from '@longshore/errdefs';
import type {Config} from '../../config/config.ts';
import type {HostFacts} from '../system/host-facts.ts';
import type {ContainerRecord} from './record.ts';

export type CgroupDriver = 'cgroupfs' | 'systemd';

/** What the choice depends on. */
type Host = Pick<HostFacts, 'cgroup' | 'systemd'>;

const defaultParents: Record<CgroupDriver, string> = {cgroupfs: '/docker', systemd: 'system.slice'};

/**
 * The driver of `--exec-opt native.cgroupdriver=…`; without it systemd on a unified hierarchy that systemd manages, as two
 * writers of one hierarchy disturb each other, else cgroupfs (as Docker since 20.10).
 */
export function cgroupDriverOf(config: Pick<Config, 'execOptions'>, {cgroup, systemd}: Host): CgroupDriver {
  const option = config.execOptions.map(each => each.split('=')).find(([key]) => key === 'native.cgroupdriver');
  if (option) return option[1] === 'systemd' ? 'systemd' : 'cgroupfs';
  return cgroup.version === 2 && systemd ? 'systemd' : 'cgroupfs';
}

/**
 * `cgroupsPath` of the OCI configuration, below the parent that the container, the daemon or Docker chooses. With systemd it
 * is `slice:prefix:name`, which the runtime makes into the scope `docker-<id>.scope`.
 */
export function cgroupsPathOf(
  {config, facts}: {config: Config; facts: Host},
  {id, host}: Pick<ContainerRecord, 'id' | 'host'>,
): string {
  const driver = cgroupDriverOf(config, facts);
  const parent = host.CgroupParent || config.cgroupParent || defaultParents[driver];
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
  if (cgroupDriverOf(config, facts) === 'systemd' && !facts.systemd) {
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
