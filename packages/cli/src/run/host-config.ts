/** HostConfig of a new container. */
import type {HostConfig, PortMap} from '@longshore/api/engine';
import {splitPair} from '../command/flags.ts';
import type {CreateInput} from './create-request.ts';
import {parseDevices} from './devices.ts';
import type {ContainerOptions} from './flags.ts';
import {resources} from './resources.ts';
import {parseRestartPolicy} from './restart-policy.ts';
import {parseSecurityOptions} from './security-options.ts';

export interface HostParts {
  portBindings: PortMap;
  binds: string[];
  networkMode: string;
}

/** Throws an Error with Docker's text for flags that do not fit together. */
export function hostConfig(input: CreateInput, parts: HostParts): HostConfig {
  const {flags, given, consoleSize} = input;
  const restart = parseRestartPolicy(flags.restart);
  if (flags.rm && restart.Name !== '' && restart.Name !== 'no') {
    throw new Error('conflicting options: cannot specify both --restart and --rm');
  }
  const devices = parseDevices(flags.device);
  const security = parseSecurityOptions(flags['security-opt']);
  return {
    Binds: orNull(parts.binds),
    ContainerIDFile: flags.cidfile,
    LogConfig: {Type: flags['log-driver'], Config: logOptions(flags['log-driver'], flags['log-opt'])},
    NetworkMode: parts.networkMode,
    PortBindings: parts.portBindings,
    RestartPolicy: restart,
    AutoRemove: flags.rm,
    VolumeDriver: flags['volume-driver'],
    VolumesFrom: orNull(flags['volumes-from']),
    ConsoleSize: consoleSize,
    ...(Object.keys(flags.annotation).length > 0 && {Annotations: flags.annotation}),
    CapAdd: orNull(capabilities(flags['cap-add'])),
    CapDrop: orNull(capabilities(flags['cap-drop'])),
    CgroupnsMode: checkMode('cgroupns', 'CGROUP', flags.cgroupns, ['', 'private', 'host']),
    Dns: flags.dns,
    DnsOptions: flags['dns-option'],
    DnsSearch: flags['dns-search'],
    ExtraHosts: orNull(flags['add-host']),
    GroupAdd: orNull(flags['group-add']),
    IpcMode: flags.ipc,
    Cgroup: '',
    Links: orNull(flags.link),
    OomScoreAdj: flags['oom-score-adj'],
    PidMode: checkPidMode(flags.pid),
    Privileged: flags.privileged,
    PublishAllPorts: flags['publish-all'],
    ReadonlyRootfs: flags['read-only'],
    SecurityOpt: security.options,
    ...(flags['storage-opt'].length > 0 && {StorageOpt: storageOptions(flags['storage-opt'])}),
    ...(flags.tmpfs.length > 0 && {Tmpfs: Object.fromEntries(flags.tmpfs.map(tmpfsMount))}),
    UTSMode: checkMode('uts', 'UTS', flags.uts, ['', 'host']),
    UsernsMode: checkMode('userns', 'USER', flags.userns, ['', 'host']),
    ShmSize: flags['shm-size'],
    ...(Object.keys(flags.sysctl).length > 0 && {Sysctls: flags.sysctl}),
    ...(flags.runtime && {Runtime: flags.runtime}),
    Isolation: flags.isolation as HostConfig['Isolation'],
    ...resources(flags, devices, flags.gpus),
    ...(flags.mount.length > 0 && {Mounts: flags.mount}),
    MaskedPaths: security.unmasksPaths ? [] : null,
    ReadonlyPaths: security.unmasksPaths ? [] : null,
    ...initOption(flags, given),
  };
}

function initOption(flags: ContainerOptions['flags'], given: ReadonlySet<string>): {Init?: boolean} {
  return given.has('init') ? {Init: flags.init} : {};
}

function orNull<T>(list: T[]): T[] | null {
  return list.length > 0 ? list : null;
}

/** With the prefix, in capitals; `ALL` and `RESET` stand for themselves. */
function capabilities(names: readonly string[]): string[] {
  return names.map(name => {
    const upper = name.trim().toUpperCase();
    return upper === 'ALL' || upper === 'RESET' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  });
}

function logOptions(driver: string, options: readonly string[]): Record<string, string> {
  if (driver === 'none' && options.length > 0) throw new Error(`invalid logging opts for driver ${driver}`);
  return Object.fromEntries(options.map(splitPair));
}

function storageOptions(options: readonly string[]): Record<string, string> {
  if (options.some(option => !option.includes('='))) throw new Error('invalid storage option');
  return Object.fromEntries(options.map(splitPair));
}

/** `/run:size=64m` */
function tmpfsMount(text: string): [string, string] {
  const at = text.indexOf(':');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function checkMode<T extends string>(flag: string, what: string, mode: string, allowed: readonly T[]): T {
  if (allowed.includes(mode as T)) return mode as T;
  throw new Error(`--${flag}: invalid ${what} mode`);
}

function checkPidMode(mode: string): string {
  if (mode === '' || mode === 'host' || /^container:./.test(mode)) return mode;
  throw new Error('--pid: invalid PID mode');
}
