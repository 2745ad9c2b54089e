/** Steps of moving an image as the original tells them: a tree of blobs below the name of the image. */
import type {Descriptor} from '@longshore/api/oci';
import type {ImageProgress} from '@longshore/containerd-client';
import {isConfigType, isIndexType, isLayerType, isManifestType} from '@longshore/oci';
import type {ProgressListener} from '../../core/transfer/endpoints.ts';

const blobEvents = {
  ...{waiting: 'waiting', downloading: 'downloading', uploading: 'uploading', exists: 'already exists'},
  ...{downloaded: 'complete', uploaded: 'complete', mounted: 'complete'},
} as const;

export class TransferTree {
  readonly #show: ProgressListener;
  readonly #root: string;
  readonly #parents = new Map<string, string[]>();

  /** `root` is the image's name. */
  constructor(show: ProgressListener, root: string) {
    this.#show = show;
    this.#root = root;
  }

  readonly noteChildren = (parent: Descriptor, children: readonly Descriptor[]): void => {
    for (const {digest} of children) {
      const known = this.#parents.get(digest) ?? [];
      this.#parents.set(digest, [...known, refKey(parent)]);
    }
  };

  readonly onProgress = (event: ImageProgress): void => {
    if (event.type === 'blob') this.#step(blobEvents[event.action], event.descriptor, event.current, event.total);
    if (event.type === 'layer' && event.action !== 'exists') {
      const {size} = event.descriptor;
      this.#step(event.action, event.descriptor, event.action === 'extracted' ? size : 0, size);
    }
  };

  #step(event: string, descriptor: Descriptor, progress: number, total: number): void {
    const parents = this.#parents.get(descriptor.digest) ?? [this.#root];
    this.#show({event, name: refKey(descriptor), parents, progress, total, descriptor: fullDescriptor(descriptor)});
  }
}

export function fullDescriptor({mediaType, digest, size, annotations}: Descriptor) {
  return {mediaType, digest, size, annotations: {...annotations}};
}

/** `layer-sha256:…`: also the name of the blob's ingest. */
function refKey({mediaType, digest}: Descriptor): string {
  if (isIndexType(mediaType)) return `index-${digest}`;
  if (isManifestType(mediaType)) return `manifest-${digest}`;
  if (isConfigType(mediaType)) return `config-${digest}`;
  return isLayerType(mediaType) ? `layer-${digest}` : `unknown-${digest}`;
}
