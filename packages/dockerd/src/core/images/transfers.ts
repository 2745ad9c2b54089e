/** Images in and out: archives, root file systems, registries. */
import type {Descriptor, Image, Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {
  defaultPlatform,
  familiarName,
  familiarReference,
  formatReference,
  parseReference,
  pullReference,
  type Reference,
  withDefaultTag,
  withTag,
} from '@longshore/oci';
import {nowNano} from '../events/event-bus.ts';
import {formatNano} from '../time.ts';
import {applyChanges} from './changes.ts';
import type {ImageStore, RegistryCredentials, TransferProgress} from './image-store.ts';
import type {Images} from './images.ts';
import {moveName} from './move-name.ts';
import {danglingName} from './names.ts';
import {parentLabel} from './parent.ts';

export interface RegistryRequest {
  credentials: RegistryCredentials | undefined;
  platform: Platform | undefined;
  onProgress(event: TransferProgress): void;
}

/** Opens a file of a web server. */
export type Download = (ctx: CallContext, url: URL) => Promise<AsyncIterable<Uint8Array>>;

export interface RootImport {
  /** Where the files come from, in words; `-` for the client. */
  source: string;
  repository: string;
  tag: string;
  message: string;
  /** Dockerfile instructions for the configuration. */
  changes: readonly string[];
  platform: Platform | undefined;
}

export class ImageTransfers {
  readonly #images: Images;
  readonly #store: ImageStore;
  /** Throws what its driver throws. */
  readonly download: Download;

  constructor(images: Images, store: ImageStore, download: Download) {
    this.#images = images;
    this.#store = store;
    this.download = download;
  }

  /** Loads an archive and calls `onImage` for each image: its familiar name, or its id. */
  async load(
    ctx: CallContext,
    archive: AsyncIterable<Uint8Array>,
    platform: Platform | undefined,
    onImage: (image: {name: string} | {id: string}) => Promise<void>,
  ): Promise<void> {
    await this.#store.withLease(ctx, async leased => {
      for (const {name, target} of await this.#store.load(leased, archive, platform)) {
        await this.#name(leased, name, target);
        await this.#images.announce(leased, 'load', target);
        await onImage(name === '' ? {id: target.digest} : {name: familiarReference(parseReference(name))});
      }
    });
  }

  /**
   * An archive of images by names or ids; a repository without a tag stands for all of its tags. Throws `not-found`
   * before the first byte.
   */
  async save(
    ctx: CallContext,
    references: readonly string[],
    platform: Platform | undefined,
  ): Promise<AsyncIterable<Uint8Array>> {
    const chosen: {name: string; target: Descriptor}[] = [];
    for (const reference of references) {
      const image = await this.#images.find(ctx, reference);
      const names = image.named ? [image.named.name] : [];
      chosen.push(
        ...(names.length > 0 ? names.map(name => ({name, target: image.target})) : [{name: '', target: image.target}]),
      );
    }
    const archive = this.#store.save(ctx, chosen, platform);
    const saved = new Map(chosen.map(({target}) => [target.digest, target]));
    for (const target of saved.values()) await this.#images.announce(ctx, 'save', target);
    return archive;
  }

  /** Makes an image out of the files of a root file system; returns its id. */
  async importRoot(ctx: CallContext, layer: AsyncIterable<Uint8Array>, request: RootImport): Promise<string> {
    const name = request.repository === '' ? undefined : taggedName(request.repository, request.tag);
    const created = formatNano(nowNano());
    const comment = request.message || `Imported from ${request.source}`;
    const config = applyChanges({}, request.changes);
    const image = (diffId: string): Image => ({
      ...(request.platform ?? defaultPlatform()),
      comment,
      config,
      created,
      history: [{created, comment}],
      rootfs: {type: 'layers', diff_ids: [diffId]},
    });
    return await this.#store.withLease(ctx, async leased => {
      const target = await this.#store.createFromLayer(leased, {layer, config: image});
      await this.#name(leased, name ? formatReference(name) : '', target);
      if (name) await this.#images.announce(leased, 'tag', target, familiarReference(name));
      await this.#images.announce(leased, 'import', target);
      return target.digest;
    });
  }

  /** Names what `make` stores on top of `parent` under a lease, or keeps it as nameless; returns its id. */
  async adopt(
    ctx: CallContext,
    name: Reference | undefined,
    parent: string,
    make: (leased: CallContext) => Promise<Descriptor>,
  ): Promise<string> {
    return await this.#store.withLease(ctx, async leased => {
      const target = await make(leased);
      await this.#name(leased, name ? formatReference(name) : '', target, parentLabel(parent));
      await this.#images.announce(leased, 'create', target);
      if (name) await this.#images.announce(leased, 'tag', target, familiarReference(name));
      return target.digest;
    });
  }

  /** What a pull without a tag stands for: every tag that the registry has. */
  async tagsToPull(
    ctx: CallContext,
    repository: Reference,
    credentials: RegistryCredentials | undefined,
  ): Promise<Reference[]> {
    const tags = await this.#store.remoteTags(ctx, formatReference(repository), credentials);
    return tags.map(tag => withTag(repository, tag));
  }

  /** Returns what is there now, and whether that is new. */
  async pull(
    ctx: CallContext,
    reference: Reference,
    request: RegistryRequest,
  ): Promise<{digest: string; isNew: boolean}> {
    const full = formatReference(reference);
    const before = await this.#store.get(ctx, full);
    return await this.#store.withLease(ctx, async leased => {
      const target = await this.#store.pull(leased, {reference: full, ...request});
      await moveName(leased, this.#store, full, target);
      await this.#images.announce(leased, 'pull', target, familiarReference(reference));
      return {digest: target.digest, isNew: before?.target.digest !== target.digest};
    });
  }

  /** Uploads one tag of a repository, or all of them; calls `onPushed` after each. */
  async push(
    ctx: CallContext,
    reference: Reference,
    request: RegistryRequest & {onPushed(tag: string, descriptor: Descriptor): void},
  ): Promise<void> {
    for (const {name, tag} of await this.#tagsToPush(ctx, reference)) {
      const record = await this.#store.get(ctx, name);
      if (!record) throw missingTag(reference);
      const pushed = await this.#store.push(ctx, record.target, {reference: name, ...request});
      request.onPushed(tag, pushed);
      await this.#images.announce(ctx, 'push', record.target, familiarReference({...reference, tag}));
    }
  }

  async inspectRemote(ctx: CallContext, name: string, credentials: RegistryCredentials | undefined) {
    return await this.#store.inspectRemote(ctx, formatReference(withDefaultTag(parseReference(name))), credentials);
  }

  /** `server` as clients name it: a host, a URL, or nothing for Docker Hub. Throws `unauthenticated`. */
  async login(ctx: CallContext, server: string, credentials: RegistryCredentials): Promise<string> {
    return await this.#store.login(ctx, registryDomain(server), credentials);
  }

  async #tagsToPush(ctx: CallContext, reference: Reference): Promise<{name: string; tag: string}[]> {
    if (reference.tag !== undefined) return [{name: formatReference(reference), tag: reference.tag}];
    const prefix = `${formatReference(reference)}:`;
    const records = (await this.#store.list(ctx)).filter(({name}) => name.startsWith(prefix) && !name.includes('@'));
    if (records.length === 0) throw missingTag(reference);
    return records.map(({name}) => ({name, tag: name.slice(prefix.length)}));
  }

  async #name(ctx: CallContext, name: string, target: Descriptor, labels = parentLabel('')): Promise<void> {
    if (name !== '') return await moveName(ctx, this.#store, name, target, labels);
    const records = await this.#store.list(ctx);
    if (records.every(record => record.target.digest !== target.digest)) {
      await this.#store.put(ctx, danglingName(target.digest), target, labels);
    }
  }
}

/** `https://index.docker.io/v1/` and `registry-1.docker.io` are Docker Hub. */
export function registryDomain(server: string): string {
  const host = server.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return ['', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'].includes(host) ? 'docker.io' : host;
}

/** What a pull asks for: `all` tags, or one name. Throws `invalid-argument`. */
export function referenceToPull(image: string, tag: string): Reference {
  if (tag === '') return pullReference(image);
  const reference = parseReference(image);
  return tag.includes(':') ? {...reference, digest: tag} : withTag(reference, tag);
}

function taggedName(repository: string, tag: string): Reference {
  const reference = parseReference(repository);
  if (reference.digest !== undefined) throw new EngineError('invalid-argument', 'cannot import digest reference');
  return withDefaultTag(tag === '' ? reference : withTag(reference, tag));
}

function missingTag(reference: Reference): EngineError {
  return new EngineError('not-found', `An image does not exist locally with the tag: ${familiarName(reference)}`);
}
