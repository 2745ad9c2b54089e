/** Reads manifests, indexes and configurations, and remembers them: what a digest names never changes. */
import type {Descriptor, Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {type ContainerdClient, contentSize, readBlob, readImage} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';
import {
  formatPlatform,
  isAttestation,
  isIndexType,
  isManifestType,
  normalizePlatform,
  parseIndex,
} from '@longshore/oci';
import type {ImageManifest, ImageParts} from '../../core/images/image-store.ts';

/** Some kilobytes each. */
const remembered = 256;

export class ManifestReader {
  readonly #client: ContainerdClient;
  readonly #parts = new Map<string, ImageParts>();
  readonly #indexes = new Map<string, Descriptor[]>();

  constructor(client: ContainerdClient) {
    this.#client = client;
  }

  /** Throws `not-found` when nothing that is here fits the platform. */
  async parts(ctx: CallContext, target: Descriptor, platform?: Platform): Promise<ImageParts> {
    const key = `${target.digest} ${platform ? formatPlatform(normalizePlatform(platform)) : ''}`;
    const known = this.#parts.get(key);
    if (known) return known;
    const {manifest, manifestJson, configDescriptor, config} = await readImage(ctx, this.#client, target, platform);
    return remember(this.#parts, key, {manifest, layers: manifestJson.layers, configDescriptor, config});
  }

  async manifests(ctx: CallContext, target: Descriptor): Promise<ImageManifest[]> {
    if (!isIndexType(target.mediaType)) return [await this.#manifest(ctx, target)];
    return await Promise.all((await this.#entries(ctx, target)).map(entry => this.#manifest(ctx, entry)));
  }

  async #entries(ctx: CallContext, index: Descriptor): Promise<Descriptor[]> {
    const known = this.#indexes.get(index.digest);
    if (known) return known;
    const {manifests} = parseIndex(await readBlob(ctx, this.#client, index.digest));
    return remember(this.#indexes, index.digest, manifests);
  }

  async #manifest(ctx: CallContext, descriptor: Descriptor): Promise<ImageManifest> {
    const attests = descriptor.annotations?.['vnd.docker.reference.digest'] ?? '';
    if (isAttestation(descriptor) || !isManifestType(descriptor.mediaType)) {
      const kind = isAttestation(descriptor) ? 'attestation' : 'unknown';
      const size = (await contentSize(ctx, this.#client, descriptor.digest)) ?? 0;
      return {descriptor, kind, parts: undefined, attests, contentSize: size};
    }
    const parts = await this.#partsIfHere(ctx, descriptor);
    return {descriptor, kind: 'image', parts, attests, contentSize: parts ? sizeOf(parts) : 0};
  }

  /** Of exactly this manifest, whatever its platform. */
  async #partsIfHere(ctx: CallContext, descriptor: Descriptor): Promise<ImageParts | undefined> {
    try {
      return await this.parts(ctx, descriptor);
    } catch (error) {
      if (isErrorCode(error, 'not-found')) return undefined;
      throw error;
    }
  }
}

function remember<T>(cache: Map<string, T>, key: string, value: T): T {
  const oldest = cache.keys().next();
  if (cache.size >= remembered && !oldest.done) cache.delete(oldest.value);
  cache.set(key, value);
  return value;
}

function sizeOf({manifest, configDescriptor, layers}: ImageParts): number {
  const blobs = new Map([manifest, configDescriptor, ...layers].map(({digest, size}) => [digest, size]));
  return [...blobs.values()].reduce((sum, size) => sum + size, 0);
}
