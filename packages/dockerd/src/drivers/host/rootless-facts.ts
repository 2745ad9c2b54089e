/** What a rootless daemon can do with this machine, which is less than the machine can. */
import {stat} from 'node:fs/promises';
import {join} from 'node:path';
import {readFileIfExists} from '@longshore/base';
import type {Config} from '../../config/config.ts';
import type {Environment} from '../../config/environment.ts';
import {cgroupDriverOf} from '../../core/containers/cgroup-path.ts';
import type {CgroupFacts, HostFacts} from '../../core/system/host-facts.ts';
import {cgroupRoot} from './cgroup-facts.ts';

/**
 * AppArmor takes profiles from the host's root alone; systemd counts when the user's own answers on the session's bus;
 * of the cgroup controllers only those count that systemd has delegated to the user.
 */
export async function rootlessFacts(
  host: HostFacts,
  config: Config,
  {rootless, sessionBus}: Pick<Environment, 'rootless' | 'sessionBus'>,
): Promise<HostFacts> {
  const facts = {...host, apparmor: false, systemd: host.systemd && (await isSocket(sessionBus))};
  const hasCgroups = cgroupDriverOf(config, facts) === 'systemd';
  const delegated = hasCgroups ? await delegatedControllers(rootless.parentUid) : [];
  return {...facts, cgroup: delegatedLimits(host.cgroup, delegated)};
}

/** The facts without limits whose controller is not in the list. */
export function delegatedLimits(host: CgroupFacts, controllers: readonly string[]): CgroupFacts {
  const has = (name: string) => host.version === 2 && controllers.includes(name);
  const [memory, cpu, cpuset, io] = [has('memory'), has('cpu'), has('cpuset'), has('io')];
  return {
    ...host,
    rootless: true,
    memoryLimit: host.memoryLimit && memory,
    swapLimit: host.swapLimit && memory,
    memoryReservation: host.memoryReservation && memory,
    memorySwappiness: false,
    oomKillDisable: false,
    kernelMemory: false,
    kernelMemoryTcp: false,
    cpuShares: host.cpuShares && cpu,
    cpuCfs: host.cpuCfs && cpu,
    cpuRealtime: false,
    cpuset: host.cpuset && cpuset,
    cpusetCpus: cpuset ? host.cpusetCpus : '',
    cpusetMems: cpuset ? host.cpusetMems : '',
    pids: host.pids && has('pids'),
    blkioWeight: host.blkioWeight && io,
    blkioWeightDevice: host.blkioWeightDevice && io,
    blkioReadBps: host.blkioReadBps && io,
    blkioWriteBps: host.blkioWriteBps && io,
    blkioReadIops: host.blkioReadIops && io,
    blkioWriteIops: host.blkioWriteIops && io,
  };
}

/** Those of the user's service manager; where there is none to be seen, those of the user's slice. */
async function delegatedControllers(uid: string): Promise<string[]> {
  const slice = join(cgroupRoot, 'user.slice', `user-${uid}.slice`);
  for (const directory of [join(slice, `user@${uid}.service`), slice]) {
    const text = await readFileIfExists(join(directory, 'cgroup.controllers'));
    if (text !== undefined) return text.trim().split(/\s+/);
  }
  return [];
}

/** Of a D-Bus address only sockets with a path can be looked at; any other is believed. */
async function isSocket(address: string): Promise<boolean> {
  const path = /(?:^|;)unix:(?:[^;]*,)?path=([^,;]+)/.exec(address)?.[1];
  if (path === undefined) return true;
  return stat(decodeURIComponent(path)).then(
    found => found.isSocket(),
    () => false,
  );
}
