/** Makes a container, pulling its image first when that is wanted or needed. */
import type {ContainerCreateRequest, ContainerCreateResponse} from '@longshore/api/engine';
import type {Cli} from '../cli.ts';
import {type ApiError, isNotFound} from '../client/api-error.ts';
import {CliError} from '../command/errors.ts';
import {terminalSize} from '../streams/terminal.ts';
import {openCidFile} from './cid-file.ts';
import {createRequest} from './create-request.ts';
import type {ContainerOptions} from './flags.ts';
import {proxyEnvironment} from './proxies.ts';

export interface CreateOptions extends ContainerOptions {
  pull: string;
  image: string;
  command: string[];
  isDetached: boolean;
}

/** Reads the flags into a request. Throws an Error with Docker's text for what cannot be. */
export async function planContainer(cli: Cli, options: CreateOptions): Promise<ContainerCreateRequest> {
  const {flags, image} = options;
  refuseUnsupported(options);
  const size = flags.tty ? terminalSize(cli.stdout) : undefined;
  const request = createRequest({
    ...options,
    consoleSize: size ? [size.rows, size.columns] : [0, 0],
    proxyEnv: proxyEnvironment(cli.config, cli.client.endpoint.url),
  });
  if (image === '-' || image === '') throw new Error('invalid reference format');
  if (flags.platform) await checkPlatform(flags.platform);
  return request;
}

/** Resolves with the id. Throws an Error with Docker's text. Warnings and progress go to standard error. */
export async function createContainer(
  cli: Cli,
  request: ContainerCreateRequest,
  options: CreateOptions,
): Promise<string> {
  const {flags, image, pull} = options;
  await checkVersion(cli, request);
  for (const warning of dangers(request)) cli.warn(`WARNING: ${warning}`);
  using cidFile = openCidFile(flags.cidfile);
  if (pull === 'always') await pullFor(cli, image, flags);
  const {Id, Warnings} = await create(cli, request, options).catch(async error => {
    if (!isMissingImage(error) || pull !== 'missing') throw error;
    const {familiarReference, parseReference, withDefaultTag} = await import('../client/reference.ts');
    const shown = familiarReference(withDefaultTag(parseReference(image)));
    if (!flags.quiet) cli.warn(`Unable to find image '${shown}' locally`);
    await pullFor(cli, image, flags);
    return create(cli, request, options);
  });
  for (const warning of Warnings ?? []) cli.warn(`WARNING: ${warning}`);
  cidFile.write(Id);
  return Id;
}

/** What is allowed and seldom meant. */
export function dangers({HostConfig: host}: ContainerCreateRequest): string[] {
  const isUnlimited = Boolean(host?.OomKillDisable) && !host?.Memory;
  const loopback = (host?.Dns ?? []).find(server => server === '::1' || /^(::ffff:)?127\./i.test(server));
  return [
    ...(isUnlimited
      ? [`Disabling the OOM killer on containers without setting a '-m/--memory' limit may be dangerous.`]
      : []),
    ...(loopback === undefined ? [] : [`Localhost DNS setting (--dns=${loopback}) may fail in containers.`]),
  ];
}

async function checkPlatform(text: string): Promise<void> {
  const {parsePlatform} = await import('@longshore/oci');
  try {
    parsePlatform(text);
  } catch (error) {
    throw new Error(`error parsing specified platform: ${(error as Error).message}`);
  }
}

function create(
  cli: Cli,
  request: ContainerCreateRequest,
  {flags}: ContainerOptions,
): Promise<ContainerCreateResponse> {
  const query = {name: flags.name || undefined, platform: flags.platform || undefined};
  return cli.client.post<ContainerCreateResponse>('/containers/create', {query, json: request});
}

/** 404 is also the answer for a missing network or volume; only the image is worth a pull. */
function isMissingImage(error: unknown): boolean {
  return isNotFound(error) && /No such image/i.test((error as ApiError).detail);
}

async function pullFor(cli: Cli, image: string, {platform, quiet}: ContainerOptions['flags']): Promise<void> {
  const {parseReference, withDefaultTag} = await import('../client/reference.ts');
  const {pullImage} = await import('../client/pull.ts');
  const reference = withDefaultTag(parseReference(image));
  await pullImage(cli, reference, {platform, ...(!quiet && {out: cli.stderr})});
}

export function checkPullOption(pull: string): string {
  if (['always', 'missing', 'never', ''].includes(pull)) return pull || 'missing';
  throw new Error(`invalid pull option: '${pull}': must be one of "always", "missing" or "never"`);
}

function refuseUnsupported({flags}: ContainerOptions): void {
  if (!flags['disable-content-trust']) {
    throw new CliError('content trust is not available: --disable-content-trust=false cannot be honoured');
  }
  if (flags['use-api-socket']) {
    throw new CliError(
      '--use-api-socket is not available: mount the socket with -v /var/run/docker.sock:/var/run/docker.sock',
    );
  }
}

/** Settings an older engine would silently drop. */
async function checkVersion(
  cli: Cli,
  {HostConfig: host, NetworkingConfig: networking}: ContainerCreateRequest,
): Promise<void> {
  const {client} = cli;
  if (host?.KernelMemory && (await client.supports('1.42'))) {
    throw new Error('--kernel-memory was removed in API 1.42: the engine cannot limit kernel memory by itself');
  }
  const needs = async (minimum: string, what: string) => {
    if (!(await client.supports(minimum))) {
      throw new Error(
        `${what} requires API version ${minimum}, but the Docker daemon API version is ${await client.version()}`,
      );
    }
  };
  if (Object.values(networking?.EndpointsConfig ?? {}).some(endpoint => endpoint?.MacAddress)) {
    await needs('1.44', '"specify mac-address per network"');
  }
  if (Object.keys(networking?.EndpointsConfig ?? {}).length > 1)
    await needs('1.44', '"specify container with multiple networks"');
  if (host?.Mounts?.some(mount => mount.VolumeOptions?.Subpath)) await needs('1.45', '"volume-subpath"');
}
