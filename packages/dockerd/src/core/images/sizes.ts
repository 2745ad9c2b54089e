/** How much room images take. */
import type {CallContext} from '@longshore/base';
import {chainIds} from '@longshore/oci';
import type {CatalogImage} from './catalog.ts';
import type {ImageManifest, ImageStore} from './image-store.ts';

export interface ManifestUsage extends ImageManifest {
  /** Bytes of its unpacked layers; 0 when it is not unpacked. */
  unpacked: number;
}

export interface ImageUsage {
  manifests: ManifestUsage[];
  /** Bytes of the compressed content, indexes included. */
  content: number;
  /** Bytes of the unpacked layers, each once. */
  unpacked: number;
  /** Chain ids of the layers that are unpacked, with their bytes. */
  layers: Map<string, number>;
}

export async function imageUsage(ctx: CallContext, store: ImageStore, image: CatalogImage): Promise<ImageUsage> {
  const manifests = await store.manifests(ctx, image.target);
  const chains = manifests.map(({parts}) => (parts ? chainIds(parts.config.rootfs.diff_ids) : []));
  const sizes = await store.unpackedSizes(ctx, [...new Set(chains.flat())]);
  const layers = new Map([...sizes].flatMap(([chain, size]) => (size === undefined ? [] : [[chain, size] as const])));
  const sum = (chain: readonly string[]) => chain.reduce((total, each) => total + (layers.get(each) ?? 0), 0);
  const isIndex = manifests[0]?.descriptor.digest !== image.target.digest;
  return {
    manifests: manifests.map((manifest, i) => ({...manifest, unpacked: sum(chains[i] ?? [])})),
    content: manifests.reduce((total, each) => total + each.contentSize, isIndex ? image.target.size : 0),
    unpacked: sum([...layers.keys()]),
    layers,
  };
}

/** Bytes of each image's unpacked layers that another one of the list has too. */
export function sharedSizes(usages: readonly ImageUsage[]): number[] {
  const owners = new Map<string, number>();
  for (const {layers} of usages) for (const chain of layers.keys()) owners.set(chain, (owners.get(chain) ?? 0) + 1);
  return usages.map(({layers}) =>
    [...layers].reduce((total, [chain, size]) => total + ((owners.get(chain) ?? 0) > 1 ? size : 0), 0),
  );
}
