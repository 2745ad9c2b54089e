/** Checks between options that no single kind can do. */
import {logLevels} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {parseSubnetPools} from '../core/networks/subnet-pools.ts';
import {parseSubnetPools6} from '../core/networks/subnet-pools6.ts';
import type {Config} from './config.ts';
import {parseGenericResources} from './generic-resources.ts';
import type {RuntimeConfig} from './kinds.ts';
import {proxyFault} from './proxies.ts';
import {checkRuntimeOptions} from './runtime-options.ts';
import {checkStorageDriver} from './storage-driver.ts';
import {parseBytes} from './values.ts';

type Check = (config: Config) => string | undefined;

/** What the original says of a configuration before it starts. */
const validation: Check[] = [
  config => {
    const known = ['panic', ...logLevels].includes(config.logLevel.toLowerCase());
    return known ? undefined : `invalid logging level: ${config.logLevel}`;
  },
  config => (['text', 'json'].includes(config.logFormat) ? undefined : `invalid log format: ${config.logFormat}`),
  config => (config.mtu < 0 ? `invalid default MTU: ${config.mtu}` : undefined),
  config => notNegative('max concurrent downloads', config.maxConcurrentDownloads),
  config => notNegative('max concurrent uploads', config.maxConcurrentUploads),
  config => notNegative('max download attempts', config.maxDownloadAttempts),
  config => void parseGenericResources(config.nodeGenericResources),
  config => checkDefaultIpcMode(config.defaultIpcMode),
  config => {
    const mode = config.defaultCgroupnsMode;
    const known = ['', 'private', 'host'].includes(mode);
    return known ? undefined : `default cgroup namespace mode (${mode}) is invalid; use "host" or "private"`;
  },
  config => conflictingLabels(config.labels),
  config => checkRuntimes(config),
];

/** What it says when it starts. */
const settings: Check[] = [
  config => checkStorageDriver(config.storageDriver),
  config => proxyFault('http-proxy', config.httpProxy) ?? proxyFault('https-proxy', config.httpsProxy),
  config => config.storageOptions.map(option => storageFault(option, config.storageDriver)).find(Boolean),
  config => config.execOptions.map(checkExecOption).find(Boolean),
  config => Object.entries(config.features).map(checkFeature).find(Boolean),
  config => void parseSubnetPools(config.defaultAddressPools),
  config => void parseSubnetPools6(config.defaultAddressPools),
  config =>
    config.bridge && config.bip
      ? 'you specified -b & --bip, mutually exclusive options. Please specify only one'
      : undefined,
  config =>
    !config.iptables && !config.icc
      ? 'you specified --iptables=false with --icc=false. ICC=false uses iptables to function. Please set --icc or --iptables to true'
      : undefined,
  config =>
    config.rootless && config.usernsRemap
      ? 'userns-remap cannot be used in rootless mode: containers are in the user namespace of the daemon'
      : undefined,
  config => {
    const {containerdNamespace: containers, containerdPluginsNamespace: plugins} = config;
    return containers === plugins
      ? `containers namespace "${containers}" and plugins namespace "${plugins}" cannot be the same`
      : undefined;
  },
];

/** Throws the first value that makes no sense. */
export function verifyConfig(config: Config): void {
  runChecks(validation, config);
}

/** Throws the first thing that this daemon cannot be started with. */
export function verifySettings(config: Config): void {
  runChecks(settings, config);
}

function runChecks(checks: readonly Check[], config: Config): void {
  for (const check of checks) {
    const problem = check(config);
    if (problem !== undefined) throw new EngineError('invalid-argument', problem);
  }
}

function notNegative(name: string, value: number): string | undefined {
  return value < 0 ? `invalid ${name}: ${value}` : undefined;
}

function checkDefaultIpcMode(mode: string): string | undefined {
  if (['private', 'shareable'].includes(mode)) return undefined;
  const hint = 'use "shareable" or "private"';
  const isMode = ['none', 'host'].includes(mode) || mode.startsWith('container:');
  return isMode
    ? `IPC mode "${mode}" is not supported as default value; ${hint}`
    : `default IPC mode setting (${mode}) is invalid; ${hint}`;
}

/** The same key with two values; the same label twice is one. */
function conflictingLabels(labels: readonly string[]): string | undefined {
  const seen = new Map<string, string>();
  for (const label of labels) {
    const key = label.split('=')[0] as string;
    const before = seen.get(key);
    if (before !== undefined && before !== label) return `conflict labels for ${label} and ${before}`;
    seen.set(key, label);
  }
  return undefined;
}

/** Features that change nothing here are refused rather than ignored. */
function checkFeature([name, on]: [string, boolean]): string | undefined {
  if (name === 'containerd-snapshotter') {
    return on ? undefined : 'features: containerd-snapshotter=false is not supported: images are always in containerd';
  }
  if (name === 'buildkit') return on ? 'features: buildkit=true is not supported yet' : undefined;
  return name === 'cdi' ? undefined : `features: unknown feature ${name}`;
}

/** The options of overlay2, in the original's words; all others have never been its. */
function storageFault(option: string, driver: string): string | undefined {
  if (!['', 'overlay2', 'overlayfs'].includes(driver)) return `--storage-opt is not supported with -s ${driver}`;
  const [, key = '', value = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/s.exec(option) ?? [];
  const name = key.toLowerCase();
  if (name === '') return `error initializing graphdriver: unable to parse key/value option: ${option}`;
  if (name === 'overlay2.size') return void parseBytes(value);
  // The kernels that it overrode the check for are long gone: the original takes it without effect, too.
  if (name !== 'overlay2.override_kernel_check')
    return `error initializing graphdriver: overlay2: unknown option ${name}`;
  return /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value)
    ? undefined
    : `error initializing graphdriver: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
}

function checkExecOption(option: string): string | undefined {
  const [key, value] = option.split('=', 2);
  if (key !== 'native.cgroupdriver') return `invalid option: ${option}`;
  if (value === 'none') {
    return 'native.cgroupdriver option none is internally used and cannot be specified manually';
  }
  return value === 'cgroupfs' || value === 'systemd' ? undefined : `native.cgroupdriver option ${value} not supported`;
}

function checkRuntimes({runtimes, defaultRuntime}: Config): string | undefined {
  for (const [name, runtime] of Object.entries(runtimes)) {
    const problem = name === 'runc' ? `runtime name 'runc' is reserved` : checkRuntime(runtime);
    if (problem) return name === 'runc' ? problem : `runtime ${name}: ${problem}`;
  }
  const known =
    defaultRuntime === 'runc' || defaultRuntime in runtimes || /^io\.containerd\..+\.v\d$/.test(defaultRuntime);
  return known ? undefined : `specified default runtime '${defaultRuntime}' does not exist`;
}

function checkRuntime({path, runtimeArgs, runtimeType, options}: RuntimeConfig): string | undefined {
  if (path === '' && runtimeType === '') return 'either a runtimeType or a path must be configured';
  if (path !== '' && runtimeType !== '') return 'cannot configure both path and runtimeType for the same runtime';
  if (path !== '' && Object.keys(options).length > 0) return 'options cannot be used with a path runtime';
  if (runtimeType !== '' && runtimeArgs.length > 0) return 'args cannot be used with a runtimeType runtime';
  return checkRuntimeOptions(runtimeType, options);
}
