/** Checks between options that no single kind can do. */
import {isIP} from 'node:net';
import {logLevels} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {Config} from './config.ts';
import {parseHost} from './hosts.ts';

const checks: ((config: Config) => string | undefined)[] = [
  config => oneOf('--log-level', config.logLevel, ['debug', 'info', 'warn', 'error', 'fatal']),
  config => oneOf('--log-format', config.logFormat, ['text', 'json']),
  config => oneOf('--default-ipc-mode', config.defaultIpcMode, ['private', 'shareable']),
  config => oneOf('--default-cgroupns-mode', config.defaultCgroupnsMode, ['', 'private', 'host']),
  config => oneOf('--storage-driver', config.storageDriver, ['', 'overlay2', 'overlayfs']),
  config => positive('max concurrent downloads', config.maxConcurrentDownloads),
  config => positive('max concurrent uploads', config.maxConcurrentUploads),
  config =>
    config.maxDownloadAttempts <= 0 ? `invalid max download attempts: ${config.maxDownloadAttempts}` : undefined,
  config => (config.mtu < 0 ? `invalid default MTU: ${config.mtu}` : undefined),
  config => config.labels.map(checkLabel).find(Boolean),
  config => config.dns.map(checkDnsAddress).find(Boolean),
  config => config.execOptions.map(checkExecOption).find(Boolean),
  config =>
    config.bridge && config.bip
      ? 'you specified -b & --bip, mutually exclusive options. Please specify only one'
      : undefined,
  config =>
    !config.iptables && !config.icc
      ? 'you specified --iptables=false with --icc=false. ICC=false uses iptables to function. Please set --icc or --iptables to true'
      : undefined,
  config => checkRuntimes(config),
];

/** Throws the first thing that is wrong. */
export function verifyConfig(config: Config): void {
  for (const host of config.hosts) parseHost(host);
  for (const check of checks) {
    const problem = check(config);
    if (problem) throw new EngineError('invalid-argument', problem);
  }
}

function oneOf(name: string, value: string, allowed: readonly string[]): string | undefined {
  if (allowed.includes(value) || (name === '--log-level' && logLevels.some(level => level === value))) return undefined;
  return `invalid value ${JSON.stringify(value)} for ${name}: must be one of ${allowed.filter(Boolean).join(', ')}`;
}

function positive(name: string, value: number): string | undefined {
  return value < 0 ? `invalid ${name}: ${value}` : undefined;
}

function checkLabel(label: string): string | undefined {
  return /^[^=]+=/.test(label) ? undefined : `bad attribute format: ${label}`;
}

function checkDnsAddress(address: string): string | undefined {
  return isIP(address.split('%')[0] as string) ? undefined : `invalid IP address: ${address}`;
}

function checkExecOption(option: string): string | undefined {
  const [key, value] = option.split('=', 2);
  if (key !== 'native.cgroupdriver') return `invalid option: ${option}`;
  return value === 'cgroupfs' || value === 'systemd' ? undefined : `native.cgroupdriver option ${value} not supported`;
}

function checkRuntimes({runtimes, defaultRuntime}: Config): string | undefined {
  for (const [name, {path, runtimeArgs, runtimeType, options}] of Object.entries(runtimes)) {
    if (name === 'runc') return `runtime name 'runc' is reserved`;
    if (path === '' && runtimeType === '') return `runtime ${name}: either a runtimeType or a path must be configured`;
    if (path !== '' && runtimeType !== '')
      return `runtime ${name}: cannot configure both path and runtimeType for the same runtime`;
    if (runtimeArgs.length > 0) return `runtime ${name}: runtimeArgs are not supported yet`;
    if (Object.keys(options).length > 0) return `runtime ${name}: options are not supported yet`;
  }
  const known =
    defaultRuntime === 'runc' || defaultRuntime in runtimes || /^io\.containerd\..+\.v\d$/.test(defaultRuntime);
  return known ? undefined : `specified default runtime '${defaultRuntime}' does not exist`;
}
