/** Fills a HostConfig with the daemon's defaults: what an inspect then shows. */
import type {Config} from '../../config/config.ts';
import type {HostFacts} from '../system/host-facts.ts';
import type {HostConfig} from './documents/host-config.ts';
import {standardMaskedPaths, standardReadonlyPaths} from './spec/paths.ts';
import {parseSecurityOptions} from './spec/security-options.ts';

/** A changed copy. `masks` tells which of the two path lists the request gave: an empty one masks nothing. */
export function applyHostDefaults(host: HostConfig, config: Config, facts: HostFacts): HostConfig {
  const unconfined = host.Privileged || parseSecurityOptions(host.SecurityOpt ?? []).unconfinedPaths;
  return {
    ...host,
    RestartPolicy: {...host.RestartPolicy, Name: host.RestartPolicy.Name || 'no'},
    LogConfig: logConfigOf(host, config),
    ShmSize: host.ShmSize || config.defaultShmSize,
    IpcMode: host.IpcMode || config.defaultIpcMode,
    CgroupnsMode: host.CgroupnsMode || defaultCgroupns(host, config, facts),
    Runtime: host.Runtime || config.defaultRuntime,
    CgroupParent: host.CgroupParent,
    MemorySwap: host.Memory > 0 && host.MemorySwap === 0 ? host.Memory * 2 : host.MemorySwap,
    MemorySwappiness: host.MemorySwappiness === -1 ? null : host.MemorySwappiness,
    OomKillDisable: facts.cgroup.version === 1 ? (host.OomKillDisable ?? false) : host.OomKillDisable,
    PidsLimit: host.PidsLimit !== null && host.PidsLimit <= 0 ? null : host.PidsLimit,
    MaskedPaths: host.MaskedPaths ?? (unconfined ? null : [...standardMaskedPaths]),
    ReadonlyPaths: host.ReadonlyPaths ?? (unconfined ? null : [...standardReadonlyPaths]),
    SecurityOpt: withoutLabels(host),
    Init: host.Init,
  };
}

/** A container that sees what is the machine's has no SELinux label, unless it asks for one. */
function withoutLabels({SecurityOpt: options, Privileged, IpcMode, PidMode}: HostConfig): string[] | null {
  const isOpen = Privileged || IpcMode === 'host' || PidMode === 'host';
  if (!isOpen || options?.some(option => option.split('=')[0] === 'label')) return options;
  return [...(options ?? []), 'label=disable'];
}

/**
 * The daemon's options fill up those of containers that use the daemon's driver; its limits of the cache beside a
 * driver that cannot be read are for all.
 */
function logConfigOf({LogConfig: own}: HostConfig, config: Config): HostConfig['LogConfig'] {
  const Type = own.Type || config.logDriver;
  const inherited = Object.entries(config.logOptions).filter(
    ([name]) => Type === config.logDriver || name.startsWith('cache-'),
  );
  return {Type, Config: {...Object.fromEntries(inherited), ...own.Config}};
}

function defaultCgroupns(host: HostConfig, config: Config, facts: HostFacts): string {
  if (host.Privileged && facts.cgroup.version === 1) return 'host';
  return cgroupnsDefault(config, facts);
}

/** What the configuration says, else what goes with the version of the machine's cgroups. */
export function cgroupnsDefault(config: Config, facts: HostFacts): string {
  return config.defaultCgroupnsMode || (facts.cgroup.version === 2 ? 'private' : 'host');
}
