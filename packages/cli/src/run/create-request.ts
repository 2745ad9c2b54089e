/** The body of POST /containers/create, from the flags and arguments of `run` and `create`. */
import type {ContainerConfig, ContainerCreateRequest, HealthConfig} from '@longshore/api/engine';
import {splitPair} from '../command/flags.ts';
import type {ContainerOptions} from './flags.ts';
import {hostConfig} from './host-config.ts';
import {readKeyValueFile} from './key-value-files.ts';
import {planNetworks} from './networks.ts';
import {parsePorts} from './ports.ts';
import {parseVolumes} from './volumes.ts';

export interface CreateInput extends ContainerOptions {
  image: string;
  command: string[];
  /** Height and width of the terminal, for a container with one. */
  consoleSize: [number, number];
  /** Nothing is attached to the container. */
  isDetached: boolean;
  /** Variables of the user's proxy settings. */
  proxyEnv: string[];
}

/** Throws an Error with Docker's text for flags that do not fit together. */
export function createRequest(input: CreateInput): ContainerCreateRequest {
  const {flags} = input;
  const ports = parsePorts(flags.publish, flags.expose);
  const volumes = parseVolumes(flags.volume);
  const networks = planNetworks(flags);
  return {
    ...containerConfig(input, ports.exposed, volumes.anonymous),
    HostConfig: hostConfig(input, {portBindings: ports.bindings, binds: volumes.binds, networkMode: networks.mode}),
    NetworkingConfig: {EndpointsConfig: networks.endpoints},
  };
}

/** The part that does not depend on the host. */
function containerConfig(
  input: CreateInput,
  exposed: Record<string, object>,
  volumes: Record<string, object>,
): Partial<ContainerConfig> {
  const {flags, given, image, command, isDetached} = input;
  const attached = new Set(attachedStreams(flags.attach, flags.interactive, isDetached));
  const env = environment(input);
  const healthcheck = health(input);
  return {
    Hostname: flags.hostname,
    Domainname: flags.domainname,
    User: flags.user,
    AttachStdin: attached.has('stdin'),
    AttachStdout: attached.has('stdout'),
    AttachStderr: attached.has('stderr'),
    ...(Object.keys(exposed).length > 0 && {ExposedPorts: exposed}),
    Tty: flags.tty,
    OpenStdin: flags.interactive,
    StdinOnce: flags.interactive && attached.has('stdin'),
    Env: env.length > 0 ? env : null,
    Cmd: command.length > 0 ? command : null,
    ...(healthcheck && {Healthcheck: healthcheck}),
    Image: image,
    Volumes: volumes,
    WorkingDir: flags.workdir,
    Entrypoint: given.has('entrypoint') ? [flags.entrypoint] : null,
    OnBuild: null,
    Labels: labels(flags.label, flags['label-file']),
    ...(flags['stop-signal'] && {StopSignal: flags['stop-signal']}),
    ...(given.has('stop-timeout') && {StopTimeout: flags['stop-timeout']}),
  };
}

/** Without -a all output is attached, and input with -i; a detached container is attached to nothing. */
export function attachedStreams(asked: readonly string[], isInteractive: boolean, isDetached: boolean): string[] {
  if (isDetached) return [];
  const streams = asked.length > 0 ? [...asked] : ['stdout', 'stderr'];
  if (isInteractive) streams.push('stdin');
  return streams;
}

/** Files first, then -e; the proxies of the configuration below both. */
function environment({flags, proxyEnv}: CreateInput): string[] {
  const fromFiles = flags['env-file'].flatMap(path => readKeyValueFile(path, 'env', key => process.env[key]));
  const own = new Map(flags.env.map(entry => [splitPair(entry)[0], entry]));
  const explicit = [...fromFiles, ...own.values()];
  const names = new Set(explicit.map(entry => splitPair(entry)[0]));
  return [...explicit, ...proxyEnv.filter(entry => !names.has(splitPair(entry)[0]))];
}

function labels(given: readonly string[], files: readonly string[]): Record<string, string> {
  const fromFiles = files.flatMap(path => readKeyValueFile(path, 'label', () => undefined));
  return Object.fromEntries([...fromFiles, ...given].map(splitPair));
}

function health({flags, given}: ContainerOptions): HealthConfig | undefined {
  const names = ['cmd', 'interval', 'retries', 'start-interval', 'start-period', 'timeout'].map(
    name => `health-${name}`,
  );
  const hasOptions = names.some(name => given.has(name));
  if (flags['no-healthcheck']) {
    if (hasOptions) throw new Error('--no-healthcheck conflicts with --health-* options');
    return {Test: ['NONE']};
  }
  if (!hasOptions) return undefined;
  for (const name of [
    'health-interval',
    'health-timeout',
    'health-retries',
    'health-start-period',
    'health-start-interval',
  ] as const) {
    if (flags[name] < 0) throw new Error(`--${name} cannot be negative`);
  }
  const healthConfig: HealthConfig = {
    ...(flags['health-cmd'] && {Test: ['CMD-SHELL', flags['health-cmd']]}),
    ...(flags['health-interval'] && {Interval: flags['health-interval']}),
    ...(flags['health-timeout'] && {Timeout: flags['health-timeout']}),
    ...(flags['health-start-period'] && {StartPeriod: flags['health-start-period']}),
    ...(flags['health-start-interval'] && {StartInterval: flags['health-start-interval']}),
    ...(flags['health-retries'] && {Retries: flags['health-retries']}),
  };
  return Object.keys(healthConfig).length > 0 ? healthConfig : undefined;
}
