/** Pulls and pushes. Each has a registry client of its own: credentials come with the request. */
import type {Descriptor, Platform} from '@longshore/api/oci';
import {type CallContext, engineVersion} from '@longshore/base';
import {type ContainerdClient, type ImageProgress, pullImage, pushImage} from '@longshore/containerd-client';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import {
  familiarReference,
  isAttestation,
  isIndex,
  openRegistry,
  parseImageConfig,
  parseManifestOrIndex,
  parseReference,
  type Reference,
  type Registry,
  RegistryError,
} from '@longshore/oci';
import type {RegistryCredentials, TransferOptions, TransferProgress} from '../../core/images/image-store.ts';

export interface RegistryOptions {
  /** Hosts and networks without verified TLS. */
  insecure: readonly string[];
  /** Tried before Docker Hub. */
  mirrors: readonly string[];
  certsDir: string;
  maxDownloads: number;
  maxUploads: number;
  /** How often a download is tried. */
  maxAttempts: number;
}

export interface RegistryTransfers {
  pull(ctx: CallContext, options: TransferOptions): Promise<Descriptor>;
  remoteTags(ctx: CallContext, repository: string, credentials: RegistryCredentials | undefined): Promise<string[]>;
  push(ctx: CallContext, target: Descriptor, options: TransferOptions): Promise<Descriptor>;
  inspectRemote(
    ctx: CallContext,
    reference: string,
    credentials: RegistryCredentials | undefined,
  ): Promise<{descriptor: Descriptor; platforms: Platform[]}>;
  login(ctx: CallContext, domain: string, credentials: RegistryCredentials): Promise<string>;
}

export function registryTransfers(
  client: ContainerdClient,
  snapshotter: string,
  options: RegistryOptions,
): RegistryTransfers {
  const open = (credentials: RegistryCredentials | undefined) => openFor(options, credentials);
  return {
    async pull(ctx, {reference, platform, credentials, onProgress}) {
      using registry = open(credentials);
      const pulled = await asDaemonError(reference, () =>
        pullImage(ctx, client, {
          reference: parseReference(reference),
          registry,
          snapshotter,
          // A layer counts as whole from now on, so its files must survive a power cut.
          syncFs: true,
          records: false,
          concurrency: options.maxDownloads,
          ...(platform ? {platform} : {}),
          onProgress: listener(onProgress),
        }),
      );
      return pulled.target;
    },
    async remoteTags(ctx, repository, credentials) {
      using registry = open(credentials);
      return await asDaemonError('', () => registry.tags(ctx, parseReference(repository)));
    },
    async push(ctx, target, {reference, platform, credentials, onProgress}) {
      using registry = open(credentials);
      return await asDaemonError(reference, () =>
        pushImage(ctx, client, {
          target,
          reference: parseReference(reference),
          registry,
          concurrency: options.maxUploads,
          ...(platform ? {platform} : {}),
          onProgress: listener(onProgress),
        }),
      );
    },
    async inspectRemote(ctx, reference, credentials) {
      using registry = open(credentials);
      return await asDaemonError(reference, () => inspectRemote(ctx, registry, parseReference(reference)));
    },
    async login(ctx, domain, credentials) {
      using registry = open(undefined);
      const {identityToken} = await asDaemonError('', () => registry.login(ctx, domain, credentialsFor(credentials)));
      return identityToken ?? '';
    },
  };
}

function openFor(options: RegistryOptions, credentials: RegistryCredentials | undefined): Registry {
  const {insecure, mirrors, certsDir, maxAttempts} = options;
  const given = credentials && credentialsFor(credentials);
  return openRegistry({
    insecure,
    mirrors,
    certsDir,
    downloadAttempts: maxAttempts,
    userAgent: `docker/${engineVersion}`,
    ...(given ? {credentials: async () => given} : {}),
  });
}

function credentialsFor({username, password, identityToken, registryToken}: RegistryCredentials) {
  if (registryToken !== '') return {registryToken};
  return identityToken === '' ? {username, password} : {identityToken};
}

function listener(onProgress: (event: TransferProgress) => void): (event: ImageProgress) => void {
  return event => {
    if (event.type === 'resolved') onProgress({type: 'resolved', digest: event.descriptor.digest});
    else if (event.type === 'blob') onProgress({...event, from: event.from ?? ''});
    else if (event.type !== 'image') onProgress(event);
  };
}

/** Docker names what a registry does not have (`reference`, if it is about one), and answers 500, not 503, when the registry cannot be reached. */
async function asDaemonError<T>(reference: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'not-found' && reference !== '') {
      const name = familiarReference(parseReference(reference));
      throw new EngineError('not-found', `manifest for ${name} not found: ${error.message}`, {cause: error});
    }
    if (codeOf(error) !== 'unavailable') throw error;
    throw new EngineError('unknown', messageOf(error), {cause: error});
  }
}

async function inspectRemote(ctx: CallContext, registry: Registry, reference: Reference) {
  const {descriptor, bytes} = await registry.resolve(ctx, reference);
  const parsed = parseManifestOrIndex(bytes, descriptor.mediaType);
  if (isIndex(parsed)) {
    const entries = parsed.manifests.filter(entry => !isAttestation(entry));
    return {descriptor, platforms: entries.flatMap(({platform}) => (platform ? [platform] : []))};
  }
  const parts: Uint8Array[] = [];
  for await (const chunk of registry.blob(ctx, reference, parsed.config)) parts.push(chunk);
  const {os, architecture, variant} = parseImageConfig(Buffer.concat(parts));
  return {descriptor, platforms: [{architecture, os, ...(variant ? {variant} : {})}]};
}
